import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { type PeerSketch, sketchPicture, sketchSample, sketchStream } from "../../testing/sketch-cluster.ts";
import { emptyLedger } from "../ledger.ts";
import type { Sample, StreamPicture } from "../picture.ts";
import { defaultThresholds, noWords, type PlanRequest } from "../plan/plan-request.ts";
import { planChange } from "./plan-change.ts";
import type { ChangePlan, StreamChange } from "./stream-change.ts";

interface Situation {
  readonly servers?: readonly string[];
  readonly peers?: readonly PeerSketch[];
  readonly version?: string;
  readonly stream?: Partial<StreamPicture>;
  readonly sample?: Partial<Sample>;
}

const four = ["n1", "n2", "n3", "n4"];

function requestOf({
  servers = four,
  peers = ["+n1", "+n2", "+n3"],
  version = "2.15.1",
  stream,
  sample,
}: Situation): PlanRequest {
  const sketch = sketchStream("S", { peers, leader: "n1" }, stream);
  const plain = sketchSample(servers, [sketch], sample);
  const look: Sample = {
    ...plain,
    servers: plain.servers.map((server) => (server.answers === true ? { ...server, version } : server)),
  };
  return {
    picture: sketchPicture(look),
    ledger: emptyLedger,
    backups: [],
    words: noWords,
    thresholds: defaultThresholds,
    now: "2026-01-01T00:00:00Z",
  };
}
/** A change of the stream S. */
type Change = StreamChange extends infer Each ? (Each extends StreamChange ? Omit<Each, "stream"> : never) : never;

const plan = (change: Change, situation: Situation = {}): ChangePlan =>
  planChange(requestOf(situation), { stream: "S", ...change } as StreamChange);
const codes = ({ blockers }: ChangePlan): readonly string[] => blockers.map(({ code }) => code);

const remove = { verb: "peer-remove", server: "n3" } as const;
const move = { verb: "move", server: "n3" } as const;
const stepDown = { verb: "step-down", preferred: null } as const;
const blind = { unseen: "no-system-credential" } as const;
const withoutSystem: Situation = {
  sample: { sight: { system: blind, allServersAnswered: blind, account: "APP", others: [] }, servers: [], meta: blind },
};

describe("planChange: peer-remove", () => {
  it("lets a replica be replaced where the others are whole and a server can take it", () => {
    const made = plan(remove);
    assert.deepEqual(codes(made), []);
    assert.equal(made.step.why, "n3 leaves APP/S; n4 takes its place");
    assert.deepEqual(
      plan({ verb: "peer-remove", server: made.step.target.peer ?? "" }).step.target.server,
      "n3",
      "by its peer id too",
    );
  });

  it("F33: refuses to empty a stream of one replica, and says how it is moved", () => {
    const { blockers } = plan({ verb: "peer-remove", server: "n1" }, { peers: ["+n1"] });
    assert.deepEqual(
      blockers.map(({ code }) => code),
      ["last-copy"],
    );
    assert.match(blockers[0]?.cure ?? "", /relight stream cluster move S --from n1$/);
  });

  it("refuses where nobody can take the replica: up to 2.14 the server drops it all the same", () => {
    for (const [version, drops] of [
      ["2.10.27", true],
      ["2.14.6", true],
      ["2.15.1", false],
    ] as const) {
      const { blockers } = plan(remove, { servers: ["n1", "n2", "n3"], version });
      assert.deepEqual(
        blockers.map(({ code }) => code),
        ["no-candidate"],
        version,
      );
      assert.equal(/drops the peer all the same/.test(blockers[0]?.text ?? ""), drops, version);
    }
  });

  it("refuses where the others would be too few, dead or behind", () => {
    assert.deepEqual(codes(plan(remove, { peers: ["+n1", "~n2", "+n3"] })), ["below-quorum"]);
    assert.deepEqual(codes(plan(remove, { servers: ["n1", "!n2", "n3", "n4"], peers: ["+n1", "-n2", "+n3"] })), [
      "below-quorum",
    ]);
    assert.deepEqual(codes(plan({ verb: "peer-remove", server: "n2" }, { peers: ["+n1", "+n2"] })), ["below-quorum"]);
    // The dead one itself is no loss.
    assert.deepEqual(codes(plan(remove, { servers: ["n1", "n2", "!n3", "n4"], peers: ["+n1", "+n2", "-n3"] })), []);
  });

  it("refuses while it moves, without a leader, where its replicas differ, and without the servers' own answers", () => {
    const desired = { peers: ["n4"], type: "catchup", description: "waiting for peer to catch up" };
    assert.deepEqual(codes(plan(remove, { stream: { desired } })), ["moving"]);
    assert.ok(codes(plan(remove, { stream: { leader: null, claimants: [] } })).includes("no-leader"));
    const state = { messages: 10, bytes: 100, firstSeq: 1, lastSeq: 10, deleted: 0 };
    const replicas = ["n1", "n2", "n3"].map((server) => ({
      server,
      state: server === "n2" ? { ...state, messages: 9 } : state,
      lost: 0,
      leader: "n1",
    }));
    assert.deepEqual(codes(plan(remove, { stream: { replicas } })), ["diverged"]);
    assert.deepEqual(
      codes(plan(remove, withoutSystem)).filter((code) => code !== "below-quorum"),
      ["no-sight"],
    );
  });

  it("F41: replaces the one replica that lacks what all others have; not one that has what they have not", () => {
    const state = { messages: 10, bytes: 100, firstSeq: 1, lastSeq: 10, deleted: 0 };
    const told = (states: Readonly<Record<string, Partial<typeof state>>>): Situation => ({
      stream: {
        replicas: ["n1", "n2", "n3"].map((server) => ({
          server,
          state: { ...state, ...states[server] },
          lost: 0,
          leader: "n1",
        })),
      },
    });
    const less = { messages: 9, bytes: 90, deleted: 1 };
    assert.deepEqual(codes(plan(remove, told({ n3: less }))), []);
    for (const others of [{ n3: { messages: 11 } }, { n3: { lastSeq: 12 } }, { n2: less, n3: less }, { n1: less }]) {
      assert.deepEqual(codes(plan(remove, told(others))), ["diverged"], JSON.stringify(others));
    }
  });

  it("names the server's consumers that have no other replica", () => {
    const consumer = {
      name: "one",
      durable: true,
      replicas: 1,
      storage: "file",
      ackPolicy: "explicit",
      leader: "n3",
      delivered: 9,
      ackFloor: 7,
      ackPending: 2,
    } as const;
    const { step } = plan(remove, { stream: { consumers: [{ ...consumer, peers: [] }] }, version: "2.14.6" });
    assert.ok(step.evidence.includes("consumer one is on n3 only, acknowledged up to 7"), step.evidence.join("\n"));
    assert.match(step.risk, /may be reset/);
  });

  it("knows streams and servers that are none", () => {
    assert.throws(
      () => plan({ verb: "peer-remove", server: "n4" }),
      (error) => isRelightError(error, "USAGE") && /on n1, n2 and n3/.test(error.hint),
    );
    assert.throws(
      () => planChange(requestOf({}), { ...remove, stream: "NOPE" }),
      (error) => isRelightError(error, "STREAM_NOT_FOUND"),
    );
  });
});

describe("planChange: step-down", () => {
  it("needs another replica that has all, and no system account", () => {
    assert.deepEqual(codes(plan(stepDown)), []);
    assert.deepEqual(codes(plan(stepDown, withoutSystem)), []);
    assert.deepEqual(codes(plan(stepDown, { peers: ["+n1"] })), ["last-copy"]);
    assert.deepEqual(codes(plan(stepDown, { peers: ["+n1", "~n2", "-n3"] })), ["nobody-current"]);
  });

  it("lets a leader be chosen from 2.11 on, among those that have all", () => {
    const prefer = (preferred: string, situation: Situation = {}): ChangePlan =>
      plan({ verb: "step-down", preferred } as never, situation);
    assert.equal(prefer("n2").step.arguments.preferred, "n2");
    assert.deepEqual(codes(prefer("n2")), []);
    assert.deepEqual(codes(prefer("n2", { version: "2.10.26" })), ["version"]);
    const seenByNone = (version?: string): ChangePlan =>
      planChange(requestOf(withoutSystem), { verb: "step-down", stream: "S", preferred: "n2" }, version);
    assert.deepEqual(codes(seenByNone("2.15.1")), []);
    assert.deepEqual(codes(seenByNone("2.10.26")), ["version"]);
    assert.deepEqual(codes(seenByNone()), ["version"]);
    assert.deepEqual(codes(prefer("n1")), ["leads-already"]);
    assert.deepEqual(codes(prefer("n2", { peers: ["+n1", "~n2", "+n3"] })), ["nobody-current"]);
  });
});

describe("planChange: move", () => {
  it("moves what a living server has, one replica or more, to another", () => {
    assert.deepEqual(codes(plan(move)), []);
    assert.equal(
      plan({ verb: "move", server: "n1" }, { peers: ["+n1"], servers: ["n1", "n2"] }).step.why,
      "APP/S leaves n1 with what it holds; n2 takes it",
    );
  });

  it("refuses where the server is silent, or nobody can take it", () => {
    assert.deepEqual(codes(plan(move, { servers: ["n1", "n2", "!n3", "n4"], peers: ["+n1", "+n2", "-n3"] })), [
      "silent",
    ]);
    assert.deepEqual(codes(plan(move, { servers: ["n1", "n2", "n3"] })), ["no-candidate"]);
  });
});
