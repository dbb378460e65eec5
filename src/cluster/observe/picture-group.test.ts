import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { peerIdOf } from "../peer-id.ts";
import type { PeerPicture } from "../server-picture.ts";
import { isSeen, type Known } from "../unseen.ts";
import { pictureGroup } from "./picture-group.ts";
import { pictureMeta } from "./picture-meta.ts";
import type { MetaAnswer, PeerAnswer } from "./server-answers.ts";
import type { ServerView } from "./system-view.ts";

const up = (name: string): PeerAnswer => ({ name, current: true, active: 400_000_000, peer: peerIdOf(name) });
const silent = (name: string): PeerAnswer => ({ ...up(name), current: false, active: 25_015_683_111 });
const names = (peers: Known<readonly PeerPicture[]>): unknown =>
  isSeen(peers) ? peers.map(({ name }) => name) : peers;

describe("pictureGroup", () => {
  it("believes a leader that has its quorum behind it, and what it says of the others", () => {
    const group = pictureGroup([
      { server: "n1", group: { leader: "n1", replicas: [up("n2"), { ...silent("n3"), offline: true, lag: 7 }] } },
      // A follower's view of the third means nothing.
      { server: "n2", group: { leader: "n1", replicas: [up("n1"), { name: "n3", current: false, active: 0 }] } },
    ]);
    assert.equal(group.leader, "n1");
    assert.ok(isSeen(group.peers));
    assert.deepEqual(
      group.peers.map(({ name, standing }) => [name, standing]),
      [
        ["n1", { current: true, offline: false, activeMs: null, lag: 0 }],
        ["n2", { current: true, offline: false, activeMs: 400, lag: 0 }],
        ["n3", { current: false, offline: true, activeMs: 25_016, lag: 7 }],
      ],
    );
  });

  it("does not believe one that is cut off, and keeps what it says of its peers", () => {
    const cut = pictureGroup([{ server: "n1", group: { leader: "n1", replicas: [silent("n2"), silent("n3")] } }]);
    assert.deepEqual([cut.leader, cut.claimants, names(cut.peers)], [null, ["n1"], ["n1", "n2", "n3"]]);
  });

  it("prefers the one of two claimants that has a quorum, and names both", () => {
    const two = pictureGroup([
      { server: "n1", group: { leader: "n1", replicas: [silent("n2"), silent("n3")] } },
      { server: "n2", group: { leader: "n2", replicas: [silent("n1"), up("n3")] } },
    ]);
    assert.deepEqual([two.leader, two.claimants], ["n2", ["n1", "n2"]]);
  });

  it("knows names only where nobody leads: a member lists itself or not", () => {
    const led = pictureGroup([{ server: "n1", group: { replicas: [silent("n1"), silent("n2"), silent("n3")] } }]);
    assert.deepEqual([led.leader, names(led.peers)], [null, ["n1", "n2", "n3"]]);
    const [first] = isSeen(led.peers) ? led.peers : [];
    assert.ok(first && !isSeen(first.standing));
    assert.deepEqual(pictureGroup([]).peers, { unseen: "no-answer" });
  });

  it("knows an R1 group, and a ghost by its id", () => {
    const one = pictureGroup([{ server: "n2", group: { leader: "n2" } }]);
    assert.deepEqual([one.leader, names(one.peers)], ["n2", ["n2"]]);
    const ghost = { name: "Server name unknown at this time (peerID: C7B8kAbl)", current: false, active: 0 };
    const group = pictureGroup([{ server: "n1", group: { leader: "n1", replicas: [up("n2"), ghost] } }]);
    assert.ok(isSeen(group.peers));
    assert.deepEqual(
      group.peers.map(({ name, peer }) => [name, peer]),
      [
        ["n1", "fjFyEjc1"],
        ["n2", "44jzkV9D"],
        [null, "C7B8kAbl"],
      ],
    );
  });
});

function server(name: string, meta: MetaAnswer): ServerView {
  return {
    ping: { server: { name, id: name, ver: "2.10.27", time: "2026-01-01T00:00:00Z" } },
    jsz: { meta_cluster: meta },
    health: { status: "ok" },
  };
}

describe("pictureMeta", () => {
  const size = { cluster_size: 3 };

  it("takes members and sizes from the effective leader", () => {
    const meta = pictureMeta([
      server("n1", { leader: "n2", ...size }),
      server("n2", { leader: "n2", replicas: [up("n1"), silent("n3")], ...size, rescue: true }),
    ]);
    assert.ok(isSeen(meta));
    assert.deepEqual([meta.leader, meta.size, meta.quorumNeeded, names(meta.peers)], ["n2", 3, 2, ["n1", "n2", "n3"]]);
    assert.deepEqual([meta.rescue, meta.whyNoLeader], [true, null]);
  });

  it("believes a leader under a rescue that has the lowered quorum behind it, and without a rescue no lower one", () => {
    const alone = (rescue: boolean) => {
      const replicas = [silent("n2"), silent("n3")];
      const meta = pictureMeta([server("n1", { leader: "n1", replicas, ...size, quorum_needed: 1, rescue })]);
      assert.ok(isSeen(meta));
      return meta.leader;
    };
    assert.deepEqual([alone(true), alone(false)], ["n1", null]);
  });

  it("says why there is no leader", () => {
    const cases: readonly [string, readonly ServerView[], RegExp][] = [
      ["a dead one is remembered", [server("n1", { leader: "n3", ...size })], /^n3, whom others .*, does not answer$/],
      ["nobody knows one", [server("n1", size)], /^none of those who answer knows one$/],
      [
        "it is cut off",
        [server("n1", { leader: "n1", replicas: [silent("n2"), silent("n3")], ...size })],
        /^n1 says that it leads, and has not heard from enough of the 3 members/,
      ],
      [
        "there are two",
        [
          server("n1", { leader: "n1", replicas: [up("n2"), up("n3")], ...size }),
          server("n2", { leader: "n2", replicas: [up("n1"), up("n3")], ...size }),
        ],
        /^n1 and n2 each say that they lead$/,
      ],
    ];
    for (const [title, servers, expected] of cases) {
      const meta = pictureMeta(servers);
      assert.ok(isSeen(meta));
      assert.equal(meta.leader, null, title);
      assert.match(meta.whyNoLeader ?? "", expected);
    }
  });

  it("names no members where an old server without a leader tells their number only", () => {
    const meta = pictureMeta([server("n1", size)]);
    assert.ok(isSeen(meta) && !isSeen(meta.peers));
    assert.equal(pictureMeta([server("n1", {})]) !== undefined, true);
  });
});
