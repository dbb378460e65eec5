import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPicture, sketchSample, sketchStream } from "../../testing/sketch-cluster.ts";
import { backup, consumer, good, healthy, now, replica, whole, withStream } from "../../testing/sketch-health.ts";
import type { Sample } from "../picture.ts";
import type { BackupCover } from "../plan/plan-request.ts";
import type { Unseen } from "../unseen.ts";
import { checks, examine } from "./examine.ts";

describe("what the doctor does not believe, and does not check", () => {
  it("believes no difference that only one look shows", () => {
    const later = withStream({ replicas: [replica("n1", 10), replica("n2", 10, 9), replica("n3", 10)] });
    assert.ok(!examine(sketchPicture(later, healthy)).findings.some(({ id }) => id === "D9"));
  });

  it("D2: believes no backup that is not proven, of another account, or of one that several accounts' streams have the name of", () => {
    const missing = (sample: Sample, ...backups: readonly BackupCover[]): readonly string[] =>
      examine(sketchPicture(sample, sample), { now, backups })
        .findings.filter(({ id, title }) => id === "D2" && title.includes("no proven backup"))
        .flatMap(({ evidence }) => evidence);
    assert.deepEqual(missing(healthy, backup(10)), []);
    assert.deepEqual(missing(healthy, { ...backup(10), account: null }), []);
    assert.deepEqual(missing(healthy, { ...backup(10), proven: false }), ["APP > S"]);
    assert.deepEqual(missing(healthy, { ...backup(10), account: "OTHER" }), ["APP > S"]);
    assert.deepEqual(missing(healthy, { ...backup(10), stream: "T" }), ["APP > S"]);
    const [account] = healthy.accounts;
    assert.ok(account);
    const other = { ...account, name: "OTHER", streams: [{ ...good, account: "OTHER" }] };
    const both: Sample = { ...healthy, accounts: [account, other] };
    assert.deepEqual(missing(both, { ...backup(10), account: null }), ["APP > S", "OTHER > S"]);
  });

  it("D2: takes the backup that reaches furthest, and calls none old that lacks nothing", () => {
    const old = { ...backup(10), takenAt: "2025-12-30T00:00:00Z" };
    for (const backups of [[old], [backup(3), old], [old, backup(3)]]) {
      const { findings } = examine(sketchPicture(healthy), { now, backups });
      assert.deepEqual(
        findings.filter(({ id }) => id === "D2"),
        [],
      );
    }
  });

  it("D4: is content where one replica is elsewhere, or nobody says where", () => {
    const at = (...places: readonly (string | null)[]): Sample => ({
      ...healthy,
      servers: healthy.servers.map((server, index) => {
        const place = places[index] ?? null;
        return { ...server, tags: place === null ? [] : [place] };
      }),
    });
    for (const sample of [at("az:a", "az:a", "az:b"), at("az:a", null, "az:b"), at(null, null, null)]) {
      assert.ok(!examine(sketchPicture(sample)).findings.some(({ id }) => id === "D4"));
    }
  });

  it("D7, D8: believe no change that moves on, and no consumer that was led in the look before", () => {
    const hanging = (description: string): Sample =>
      withStream({ desired: { peers: ["n4"], type: "catchup", description } });
    const moving = examine(sketchPicture(hanging("30 behind"), hanging("90 behind")));
    assert.ok(!moving.findings.some(({ title }) => title.includes("no progress")));
    const led = withStream({ consumers: [consumer] });
    const silent = withStream({ consumers: [{ ...consumer, leader: null }] });
    assert.ok(!examine(sketchPicture(silent, led)).findings.some(({ id }) => id === "D8"));
  });

  it("does not mistake a follower that answered later for one that has more than its leader", () => {
    const look = (leader: number, follower: number): Sample =>
      withStream({ replicas: [replica("n1", leader), replica("n2", follower), replica("n3", leader)] });
    const { findings } = examine(sketchPicture(look(900_300, 900_700), look(800_100, 800_500)));
    assert.ok(!findings.some(({ id }) => id === "D9"));
  });

  it("says which checks it could not make", () => {
    const blind: Unseen = { unseen: "no-system-credential" };
    const sample: Sample = {
      ...sketchSample([], [sketchStream("S", whole)]),
      sight: { system: blind, allServersAnswered: blind, account: "APP", others: [] },
      meta: blind,
    };
    const { findings, passed, skipped } = examine(sketchPicture(sample, null));
    assert.deepEqual(findings, []);
    assert.deepEqual(
      passed.map(({ id }) => id),
      ["D1", "D7", "D8", "D19"],
    );
    assert.equal(skipped.length, checks.length - 4);
    const why = (id: string): string => skipped.find((check) => check.id === id)?.why ?? "";
    assert.match(why("D3"), /system account/);
    assert.match(why("D2"), /--backups/);
    assert.match(why("D10"), /from the second run on/);
    assert.match(why("D11"), /--deep/);
  });
});
