import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPeer } from "../testing/sketch-cluster.ts";
import { hasQuorumBehindIt, inContact, quorumOf, slackOf } from "./quorum.ts";

describe("quorum", () => {
  it("is more than half of all members, dead ones too", () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(quorumOf), [1, 2, 2, 3, 3, 4, 4]);
    // A fourth member that joins while one is dead leaves none to lose.
    assert.equal(slackOf(4, 3), 0);
    assert.equal(slackOf(5, 4), 1);
    assert.equal(slackOf(3, 1), -1);
  });

  it("counts members that are behind and not those that are silent", () => {
    assert.deepEqual(
      (["+a", "~a", "-a", "xa"] as const).map((sketch) => inContact(sketchPeer(sketch))),
      [true, true, false, false],
    );
    assert.equal(inContact({ name: "a", peer: "a", standing: { unseen: "not-told" } }), undefined);
    const never = { current: false, offline: false, activeMs: null, lag: 0 };
    assert.equal(inContact({ name: "a", peer: "a", standing: never }), false);
  });

  it("does not believe a leader that has lost its followers", () => {
    const cases = [
      [["+n1", "+n2", "+n3"], true],
      [["+n1", "~n2", "-n3"], true],
      [["+n1", "-n2", "xn3"], false],
      [["+n1", "-n2"], false],
      [["+n1"], true],
      [["+n1", "+n2", "-n3", "-n4"], false],
    ] as const;
    for (const [peers, expected] of cases) {
      assert.equal(hasQuorumBehindIt("n1", peers.map(sketchPeer)), expected, peers.join(" "));
    }
  });
});
