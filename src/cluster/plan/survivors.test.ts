import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stepOf } from "../../testing/check-plan.ts";
import { backup, before, remembered, replicated, type Situation } from "../../testing/sketch-situation.ts";
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

  it("CP-34, CP-40: so where all answer and nobody leads: none of several that differ", () => {
    const leaderless = (...ends: readonly number[]): Situation => ({
      version: "2.10.27",
      servers: ["n1", "n2", "n3"],
      streams: [
        replicated("ORDERS", ["+n1", "+n2", "+n3"], null, {
          replicas: ends.map((end, index) => replica(`n${index + 1}`, end)),
          allowDirect: true,
        }),
      ],
      memory: [
        remembered("ORDERS", ["n1", "n2", "n3"], { leaderlessSince: before(120_000), stepDownAt: before(60_000) }),
      ],
    });
    assert.deepEqual(codes(leaderless(500, 500, 500)), []);
    assert.deepEqual(codes(leaderless(500, 500, 400)), ["survivors-differ"]);
    assert.deepEqual(codes(leaderless(400, 400, 400)), ["survivor-behind"]);
  });

  it("CP-28, CP-34: no dead peer is removed from one below its quorum while it is being moved", () => {
    const dead = ["n2", "n3", "n4"];
    const moving = replicated("ORDERS", ["+n1", "xn2", "xn3", "xn4"], null, { wanted: 3 });
    const situation: Situation = {
      version: "2.10.27",
      servers: ["n1", "n5", "n6", "n7", "!n2", "!n3", "!n4"],
      offline: dead,
      words: { gone: dead },
      streams: [moving],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    };
    const { blockers } = stepOf(situation, "peer-remove:n2");
    assert.ok(
      blockers.some(({ code }) => code === "moving"),
      JSON.stringify(blockers),
    );
  });
});
