import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPicture, sketchSample, sketchServer, sketchStream } from "../../testing/sketch-cluster.ts";
import type { Picture } from "../picture.ts";
import { cureOf } from "./cure.ts";
import type { Verdict, VerifiedReplica, VerifiedStream } from "./verified-stream.ts";

const three = ["n1", "n2", "n3"];

function replica(server: string, verdict: Verdict, read: number | null = 10): VerifiedReplica {
  const counted = { messages: 10, firstSeq: 1, lastSeq: 10 };
  const unreadable = verdict === "damaged" ? ([[4, 6]] as const) : [];
  return { server, verdict, counted, read, unreadable, missing: [], unlike: [], counters: [], notRead: null };
}
function verified(verdicts: readonly Verdict[], changes: Partial<VerifiedStream> = {}): VerifiedStream {
  return {
    account: "APP",
    stream: "S",
    verdict: "damaged",
    reason: "",
    leader: "n1",
    content: { firstSeq: 1, lastSeq: 10, messages: 10, sampled: false, tookMs: 5 },
    replicas: verdicts.map((verdict, index) => replica(three[index] ?? "", verdict)),
    ...changes,
  };
}
function picture(version = "2.15.1", storage: "file" | "memory" = "file", servers = three): Picture {
  const stream = sketchStream("S", { peers: ["+n1", "+n2", "+n3"], leader: "n1" });
  assert.ok("replicas" in stream.config);
  const config = { ...stream.config, storage };
  const sample = sketchSample(servers, [{ ...stream, config }]);
  return sketchPicture({ ...sample, servers: servers.map((name) => sketchServer(name, { version })) });
}

describe("cureOf", () => {
  it("has nothing to say where nothing is damaged", () => {
    assert.deepEqual(cureOf(verified(["proven", "proven", "unproven"], { verdict: "unproven" }), picture()), []);
  });

  it("lets one replica be copied anew from a whole one, after a backup, and has it read again", () => {
    const steps = cureOf(verified(["proven", "damaged", "proven"]), picture());
    assert.equal(steps.length, 5);
    assert.match(steps[0] ?? "", /relight stream backup S /);
    assert.match(steps[1] ?? "", /nats-server of n2, and only that one/);
    assert.match(steps[2] ?? "", /APP\/streams\/S\/msgs and \*\/_js_\/S-S$/);
    assert.match(steps[4] ?? "", /relight cluster verify --deep --stream S$/);
  });

  it("lets a whole replica lead first, by name where the version can", () => {
    const led = verified(["damaged", "proven", "proven"]);
    assert.match(cureOf(led, picture())[0] ?? "", /step-down S --preferred n2$/);
    assert.match(cureOf(led, picture("2.10.26"))[0] ?? "", /step-down S, until n2 and n3 leads$/);
  });

  it("has it replaced where another server can take it: nobody has to touch a disk", () => {
    const steps = cureOf(verified(["proven", "damaged", "proven"]), picture("2.15.1", "file", [...three, "n4"]));
    assert.match(steps[1] ?? "", /by n4: relight stream cluster peer-remove S n2$/);
    assert.equal(steps.length, 3);
    // Not where too few are left that are whole.
    const two = cureOf(verified(["proven", "damaged", "damaged"]), picture("2.15.1", "file", [...three, "n4"]));
    assert.ok(!two.some((step) => /peer-remove/.test(step)));
  });

  it("deletes nothing where no replica is whole", () => {
    const steps = cureOf(verified(["damaged", "damaged", "unproven"]), picture());
    assert.match(steps[0] ?? "", /^Delete nothing: no replica was proven whole/);
    assert.ok(!steps.some((step) => /move|stop/i.test(step)));
  });

  it("takes neither a sample nor equal counters for a proof that the others are whole", () => {
    const content = { firstSeq: 1, lastSeq: 10, messages: 10, sampled: true, tookMs: 5 };
    assert.match(cureOf(verified(["proven", "damaged", "proven"], { content }), picture())[0] ?? "", /a sample proves/);
    const counted = cureOf(verified(["proven", "damaged", "proven"], { content: null }), picture());
    assert.deepEqual(counted, ["Read what each replica really holds: relight cluster verify --deep --stream S"]);
  });

  it("restores what has one replica only", () => {
    const steps = cureOf(verified(["damaged"]), picture());
    assert.match(steps.join("\n"), /relight stream backup S[\s\S]*last good backup/);
  });

  it("restarts the server of a replica in memory", () => {
    assert.match(
      cureOf(verified(["proven", "damaged", "proven"]), picture("2.15.1", "memory"))[1] ?? "",
      /^Restart .* n2/,
    );
  });
});
