import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stepOf } from "../../testing/check-plan.ts";
import { backup, remembered, replicated, type Situation } from "../../testing/sketch-situation.ts";
import type { ReplicaPicture } from "../picture.ts";

const replica = (server: string, lastSeq: number): ReplicaPicture => ({
  server,
  state: { messages: lastSeq, bytes: 100 * lastSeq, firstSeq: 1, lastSeq, deleted: 0 },
  lost: 0,
  leader: null,
});

/** ORDERS of five replicas, of which n1 and n2 are left with what is said; up to 500 is remembered. */
function below(replicas: readonly ReplicaPicture[], more: Partial<Situation> = {}): Situation {
  const dead = ["n3", "n4", "n5"];
  const peers = ["+n1", "+n2", "xn3", "xn4", "xn5"] as const;
  return {
    version: "2.10.27",
    servers: ["n1", "n2", "n6", "n7", "!n3", "!n4", "!n5"],
    offline: dead,
    streams: [replicated("ORDERS", peers, null, { replicas, allowDirect: true })],
    memory: [remembered("ORDERS", ["n1", "n2", "n3", "n4", "n5"])],
    ...more,
    words: { gone: dead, ...more.words },
  };
}
const codes = (situation: Situation): readonly string[] =>
  stepOf(situation, "scale-down:APP/ORDERS").blockers.map(({ code }) => code);

const released = { words: { released: ["APP/ORDERS"] } };

describe("which replicas that are left may become the stream", () => {
  it("CP-34: those that have what is remembered, alike", () => {
    assert.deepEqual(codes(below([replica("n1", 500), replica("n2", 500)])), []);
  });

  it("CP-34: none that does not tell what it has, and none that has nothing, whatever a backup has; but for the operator's word", () => {
    const backups = [backup("ORDERS")];
    assert.deepEqual(codes(below([])), ["survivor-unseen"]);
    assert.deepEqual(codes(below([], { backups })), ["survivor-unseen"]);
    assert.deepEqual(codes(below([replica("n1", 0), replica("n2", 0)])), ["survivor-empty"]);
    assert.deepEqual(codes(below([replica("n1", 0), replica("n2", 0)], { backups })), ["survivor-empty"]);
    assert.deepEqual(codes(below([replica("n1", 0), replica("n2", 0)], released)), []);
  });

  it("CP-34: none that has less than is remembered, unless a backup has that", () => {
    const left = [replica("n1", 400), replica("n2", 400)];
    assert.deepEqual(codes(below(left)), ["survivor-behind"]);
    assert.deepEqual(codes(below(left, { backups: [backup("ORDERS", 499)] })), ["survivor-behind"]);
    assert.deepEqual(codes(below(left, { backups: [backup("ORDERS", 500)] })), []);
    assert.deepEqual(codes(below(left, released)), []);
  });

  it("CP-34: none of several that differ, as the server chooses, unless a backup has all that the furthest has", () => {
    const left = [replica("n1", 600), replica("n2", 500)];
    assert.deepEqual(codes(below(left)), ["survivors-differ"]);
    // It has what is remembered, and not what came after that, which one of them still has.
    assert.deepEqual(codes(below(left, { backups: [backup("ORDERS", 500)] })), ["survivors-differ"]);
    assert.deepEqual(codes(below(left, { backups: [backup("ORDERS", 600)] })), []);
    assert.deepEqual(codes(below(left, released)), []);
  });
});
