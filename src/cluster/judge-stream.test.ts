import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPeer, sketchPicture, sketchSample, sketchStream } from "../testing/sketch-cluster.ts";
import { judgeStream, judgeStreams, type StreamState } from "./judge-stream.ts";
import type { PeerStanding, ReplicaPicture, Sight, StreamPicture } from "./picture.ts";
import { isSeen, type Unseen } from "./unseen.ts";

const three = ["n1", "n2", "n3"];
const oneDown = ["n1", "n2", "!n3"];
const twoDown = ["n1", "!n2", "!n3"];
const whole = { peers: ["+n1", "+n2", "+n3"], leader: "n1" } as const;
const unseen: Unseen = { unseen: "no-answer" };
/** A stream whose INFO was not answered. */
const dead: Partial<StreamPicture> = {
  answer: { kind: "timeout" },
  config: unseen,
  leader: unseen,
  claimants: [],
  peers: unseen,
  state: unseen,
};
const settings = sketchStream("S", whole).config;
const replica = (server: string): ReplicaPicture => ({
  server,
  state: { messages: 10, bytes: 100, firstSeq: 1, lastSeq: 10, deleted: 0 },
  lost: 0,
  leader: null,
});
const blind: Sight = {
  system: { unseen: "no-system-credential" },
  allServersAnswered: { unseen: "no-system-credential" },
  account: "APP",
  others: [],
};

interface Case {
  readonly title: string;
  readonly servers?: readonly string[];
  readonly stream: StreamPicture;
  readonly sight?: Sight;
  readonly state: StreamState;
  readonly reason: RegExp;
}

const cases: readonly Case[] = [
  { title: "all up", stream: sketchStream("S", whole), state: "healthy", reason: /^3 replicas, all current$/ },
  {
    title: "R1 up",
    stream: sketchStream("S", { peers: ["+n2"], leader: "n2" }),
    state: "healthy",
    reason: /^one replica, on n2$/,
  },
  {
    title: "one is behind",
    stream: sketchStream("S", { peers: ["+n1", "~n2", "+n3"], leader: "n1" }),
    state: "short",
    reason: /^n2 is behind$/,
  },
  {
    title: "one is down, and its leader does not know it yet",
    servers: oneDown,
    stream: sketchStream("S", whole),
    state: "short",
    reason: /^n3 is down, it can lose no more$/,
  },
  {
    title: "one was removed and not replaced",
    stream: sketchStream("S", { peers: ["+n1", "+n2"], leader: "n1", replicas: 3 }),
    state: "short",
    reason: /^it has 2 of 3 replicas$/,
  },
  {
    title: "a move of a server before 2.15",
    stream: sketchStream("S", { peers: ["+n1", "+n2"], leader: "n1", replicas: 1 }),
    state: "short",
    reason: /^being moved: 2 replicas for 1$/,
  },
  {
    title: "a move of 2.15",
    stream: sketchStream("S", whole, {
      desired: { peers: ["n4"], type: "catchup", description: "waiting for peer to catch up before adding it" },
    }),
    state: "short",
    reason: /^being changed: waiting for peer to catch up/,
  },
  {
    title: "the leader is alone and does not know it yet",
    servers: twoDown,
    stream: sketchStream("S", whole),
    state: "no-quorum",
    reason: /^1 of 3 replicas is up, 2 are needed; down: n2 and n3$/,
  },
  {
    title: "a follower answers for a group without a leader",
    servers: twoDown,
    stream: sketchStream("S", { peers: ["+n1", "-n2", "-n3"] }),
    state: "no-quorum",
    reason: /^1 of 3 replicas is up/,
  },
  {
    title: "R2 that lost one",
    servers: oneDown,
    stream: sketchStream("S", { peers: ["+n1", "-n3"] }),
    state: "no-quorum",
    reason: /^1 of 2 replicas is up, 2 are needed; down: n3$/,
  },
  {
    title: "all are up and nobody leads",
    stream: sketchStream("S", { peers: ["+n1", "+n2", "+n3"] }),
    state: "no-leader",
    reason: /^3 of 3 replicas are up and none of them leads$/,
  },
  {
    title: "no answer, and the servers tell of their replicas",
    servers: twoDown,
    stream: sketchStream("S", {}, { ...dead, config: settings, replicas: [replica("n1")] }),
    state: "no-quorum",
    reason: /^1 of 3 replicas is up/,
  },
  {
    title: "R1 on a dead server",
    servers: oneDown,
    stream: sketchStream("S", {}, { ...dead, replicas: [] }),
    state: "gone",
    reason: /^it was on n3, which does not answer; no other server holds any of it$/,
  },
  {
    title: "R1 on one of two dead servers",
    servers: twoDown,
    stream: sketchStream("S", {}, { ...dead, replicas: [] }),
    state: "gone",
    reason: /^it was on one of n2 and n3, which do not answer;/,
  },
  {
    title: "the cluster says offline, without a system credential",
    stream: sketchStream("S", {}, { ...dead, answer: { kind: "offline", detail: "stream is offline" } }),
    sight: blind,
    state: "gone",
    reason: /offline, says the cluster$/,
  },
  {
    title: "no answer, without a system credential",
    stream: sketchStream("S", {}, dead),
    sight: blind,
    state: "unknown",
    reason: /^it does not answer; a system-account credential would show/,
  },
  {
    title: "two leaders",
    stream: sketchStream("S", whole, { claimants: ["n1", "n3"] }),
    state: "unknown",
    reason: /^n1 and n3 each say that they lead it/,
  },
  {
    title: "all servers answer and none holds it",
    stream: sketchStream("S", {}, { ...dead, replicas: [] }),
    state: "unknown",
    reason: /none of them holds it/,
  },
];

describe("judgeStream", () => {
  for (const { title, servers = three, stream, sight, state, reason } of cases) {
    it(`${title}: ${state}`, () => {
      const sample = sketchSample(servers, [stream], sight ? { sight } : {});
      const verdict = judgeStream(stream, sample);
      assert.equal(verdict.state, state, verdict.reason);
      assert.match(verdict.reason, reason);
    });
  }

  it("calls a follower behind that lacks more than what is on its way", () => {
    const stream = sketchStream("S", whole);
    const stateWith = (standing: PeerStanding): StreamState => {
      const peers = whole.peers.map((sketch) => ({ ...sketchPeer(sketch), ...(sketch === "+n2" ? { standing } : {}) }));
      return judgeStream({ ...stream, peers }, sketchSample(three, [])).state;
    };
    // Seen on healthy streams that took thousands of messages a second.
    assert.equal(stateWith({ current: false, offline: false, activeMs: 7, lag: 1 }), "healthy");
    assert.equal(stateWith({ current: false, offline: false, activeMs: 7, lag: 5_000 }), "short");
    // Seen of a replica that was being made.
    assert.equal(stateWith({ current: false, offline: false, activeMs: null, lag: 12 }), "short");
    assert.equal(stateWith({ current: false, offline: false, activeMs: 9_000, lag: 1 }), "short");
  });

  it("takes the leader's word where the servers cannot be asked", () => {
    const stream = sketchStream("S", { peers: ["+n1", "+n2", "-n3"], leader: "n1" });
    const sample = sketchSample([], [stream], { sight: blind });
    const { state, down } = judgeStream(stream, sample);
    assert.deepEqual({ state, down }, { state: "short", down: ["n3"] });
  });

  it("counts a ghost as down", () => {
    const stream = sketchStream("S", whole);
    const ghost = { name: null, peer: "44jzkV9D", standing: { unseen: "not-told" } } as const;
    const peers = [...(stream.peers as []), ghost];
    const verdict = judgeStream({ ...stream, peers }, sketchSample(three, []));
    assert.deepEqual(verdict.down, ["an unknown peer (44jzkV9D)"]);
  });
});

describe("judgeStreams", () => {
  it("says whether both samples agree", () => {
    const good = sketchSample(three, [sketchStream("S", whole)]);
    const bad = sketchSample(oneDown, [sketchStream("S", whole)]);
    const settled = [sketchPicture(bad), sketchPicture(bad, good), sketchPicture(bad, null)].map(
      (picture) => judgeStreams(picture)[0]?.settled,
    );
    assert.deepEqual(settled, [true, false, null]);
  });

  it("does not call lost what a server may hold that answers and does not tell what it holds", () => {
    const sample = sketchSample(oneDown, [sketchStream("S", {}, { ...dead, replicas: [] })]);
    const servers = sample.servers.map((server) => {
      const { jetstream } = server;
      return server.name === "n1" && isSeen(jetstream)
        ? { ...server, jetstream: { ...jetstream, streams: unseen } }
        : server;
    });
    const [stream = assert.fail()] = sample.accounts[0]?.streams ?? [];
    const { state, reason } = judgeStream(stream, { ...sample, servers });
    assert.deepEqual([state, reason], ["unknown", "it does not answer, and n1 did not tell what it holds"]);
  });
});
