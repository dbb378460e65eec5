import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planLines, stepOf } from "../../testing/check-plan.ts";
import { backup, before, remembered, replicated, type Situation, unanswered } from "../../testing/sketch-situation.ts";
import type { LedgerStream } from "../ledger.ts";
import type { Sample } from "../picture.ts";
import type { BackupCover } from "./plan-request.ts";

const old = "2026-01-01T00:00:00Z";
const newer = "2026-01-01T11:00:00Z";
const counters = (lastSeq: number): NonNullable<LedgerStream["counters"]> => ({
  messages: lastSeq,
  bytes: lastSeq,
  firstSeq: 1,
  lastSeq,
  deleted: 0,
});
/** n3, which has the only replica of ONE, is gone. */
const gone = (memory: Partial<LedgerStream>, ...backups: readonly BackupCover[]): Situation => ({
  servers: ["n1", "n2", "!n3", "n4"],
  offline: ["n3"],
  words: { gone: ["n3"] },
  streams: [unanswered("ONE")],
  memory: [remembered("ONE", ["n3"], { created: old, ...memory })],
  backups,
});
const removal = (situation: Situation): readonly string[] =>
  stepOf(situation, "peer-remove:n3").blockers.map(({ code }) => code);

describe("which backup is believed", () => {
  it("CP-100: one of another stream that had the name is none, however far it reaches", () => {
    const other = gone({}, backup("ONE", 9_000, { created: "2025-06-01T00:00:00Z" }));
    assert.deepEqual(removal(other), ["r1-uncovered"]);
    const [said] = stepOf(other, "peer-remove:n3").blockers;
    assert.match(said?.text ?? "", /ends at 9000, and is of another stream of that name, created on 2025-06-01/);
    const both = gone(
      {},
      backup("ONE", 9_000, { created: newer }),
      backup("ONE", 500, { created: old, path: "right" }),
    );
    assert.deepEqual(removal(both), []);
    assert.equal(stepOf(both, "restore:APP/ONE").arguments.backup, "right");
  });

  it("CP-100: one of the stream that it was restored from is one of it", () => {
    const restored = { created: newer, restoredFrom: [old] };
    assert.deepEqual(removal(gone(restored, backup("ONE", 500, { created: old }))), []);
    assert.deepEqual(removal(gone(restored, backup("ONE", 500, { created: "2025-06-01T00:00:00Z" }))), [
      "r1-uncovered",
    ]);
  });

  it("CP-101: where a stream was created anew and filled, it is the new one that is lost", () => {
    const anew = { created: newer, counters: counters(1_000), countersAt: before(26_000) };
    assert.deepEqual(removal(gone({ anew }, backup("ONE", 500, { created: old }))), ["r1-uncovered"]);
    assert.deepEqual(removal(gone({ anew }, backup("ONE", 999, { created: newer }))), ["r1-uncovered"]);
    const covered = gone({ anew }, backup("ONE", 1_000, { created: newer }));
    assert.deepEqual(removal(covered), []);
    assert.equal(stepOf(covered, "restore:APP/ONE").arguments.lastSeq, 1_000);
  });

  it("CP-101: what is empty now and was the new one is restored as that, and the old one only where it is named", () => {
    const anew = { created: newer, counters: counters(1_000), countersAt: before(26_000) };
    const backups = [backup("ONE", 1_000, { created: newer }), backup("ONE", 500, { created: old, path: "old" })];
    const seen = (lastSeq: number, words: Situation["words"] = {}): Situation => ({
      servers: ["n1", "n2", "n3"],
      streams: [replicated("ONE", ["+n1"], "n1", { created: newer, lastSeq })],
      memory: [remembered("ONE", ["n1"], { created: old, anew })],
      backups,
      words,
    });
    assert.deepEqual(planLines(seen(0)), ["delete-stub:APP/ONE ready safe", "restore:APP/ONE later safe"]);
    assert.equal(stepOf(seen(0), "restore:APP/ONE").arguments.lastSeq, 1_000);
    assert.deepEqual(planLines(seen(1_000)), ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"]);
    assert.equal(stepOf(seen(1_000, { restore: ["APP/ONE"] }), "restore:APP/ONE").arguments.backup, "old");
  });

  it("CP-102: where two accounts have a stream of the name, one that does not say whose it is is that of the same creation time", () => {
    const theirs = remembered("ONE", ["n1"], { account: "OTHER", created: newer });
    const stream = { ...replicated("ONE", ["+n1"], "n1", { created: newer }), account: "OTHER" };
    const withOther = (sample: Sample): Sample => ({
      ...sample,
      accounts: [...sample.accounts, { name: "OTHER", inventory: "complete", streams: [stream] }],
    });
    const two = (created: string | null): Situation => {
      const situation = gone({}, backup("ONE", 500, { account: null, created }));
      const memory = [...(situation.memory ?? []), theirs];
      return { ...situation, memory, earlier: withOther, later: withOther };
    };
    assert.deepEqual(removal(two(old)), []);
    for (const created of [newer, null]) {
      assert.deepEqual(removal(two(created)), ["r1-uncovered"]);
      assert.match(stepOf(two(created), "peer-remove:n3").blockers[0]?.text ?? "", /may be of OTHER\/ONE/);
    }
  });

  it("CP-21: tells where a dead stream may live: where no server can take it, nothing under its name is deleted", () => {
    const settings = {
      replicas: 1,
      storage: "file",
      retention: "limits",
      placement: { tags: ["ssd"] },
      maxBytes: -1,
      allowDirect: false,
      sealed: false,
      mirror: null,
      sources: [],
    } as const;
    const situation = gone({}, backup("ONE", 500, { settings }));
    const add = stepOf(situation, "add-node:with the tags ssd");
    assert.equal(add.by, "operator");
    for (const id of ["delete-stub:APP/ONE", "restore:APP/ONE"])
      assert.ok(stepOf(situation, id).after.includes(add.id));
  });

  it("says since when nobody has looked, where that was long before its server died", () => {
    const stale = gone({ countersAt: before(3 * 86_400_000) }, backup("ONE", 500));
    const said = stepOf(stale, "peer-remove:n3").evidence.join();
    assert.match(
      said,
      /it was last seen on 2025-12-29T12:00:00.000Z, up to 3 days before its death, and what came in between nobody knows/,
    );
    assert.equal(stepOf(stale, "restore:APP/ONE").safe, false);
    assert.doesNotMatch(stepOf(gone({}, backup("ONE", 500)), "peer-remove:n3").evidence.join(), /nobody knows/);
  });

  it("says of a work queue, or a purged stream, that what was taken since the backup comes back", () => {
    const taken = gone({ counters: { ...counters(500), messages: 10 } }, backup("ONE", 500));
    assert.match(stepOf(taken, "restore:APP/ONE").risk, /500 messages and the stream had 10 left: .* comes back/);
    assert.doesNotMatch(stepOf(gone({}, backup("ONE", 500)), "restore:APP/ONE").risk, /comes back/);
  });
});
