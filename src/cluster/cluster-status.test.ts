import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPeer, sketchPicture, sketchSample, sketchStream } from "../testing/sketch-cluster.ts";
import { remembered } from "../testing/sketch-situation.ts";
import { clusterStatus, isPlainlyHealthy } from "./cluster-status.ts";
import { examine } from "./doctor/examine.ts";
import { emptyLedger, type Ledger } from "./ledger.ts";
import { mergeLedger } from "./merge-ledger.ts";
import type { ConsumerPicture, Sample } from "./picture.ts";
import { isSeen, type Unseen } from "./unseen.ts";

const three = ["n1", "n2", "n3"];
const good = sketchStream("GOOD", { peers: ["+n1", "+n2", "+n3"], leader: "n1" });
const healthy = sketchSample(three, [good]);
const blind: Unseen = { unseen: "no-system-credential" };

const consumer = (name: string, leader: string | null): ConsumerPicture => ({
  name,
  durable: true,
  replicas: 3,
  storage: "file",
  ackPolicy: "explicit",
  leader,
  peers: [],
  delivered: 0,
  ackFloor: 0,
  ackPending: 0,
});

describe("clusterStatus", () => {
  it("is green where all is well", () => {
    const status = clusterStatus(sketchPicture(healthy));
    assert.equal(status.light, "green");
    assert.equal(status.meta.reason, "n1 leads; 3 of 3 members answer, 2 are needed");
    assert.equal(status.meta.slack, 1);
    assert.deepEqual(status.notSeen, []);
    assert.ok(isPlainlyHealthy(healthy));
  });

  it("is not green where a stream with the same creation time holds less than it did, however healthy its replicas are", () => {
    const state = { messages: 0, bytes: 0, firstSeq: 0, lastSeq: 0, deleted: 0 };
    const replicas = [{ server: "n2", state, lost: 0, leader: "n2" }];
    const one = sketchStream("ONE", { peers: ["+n2"], leader: "n2" }, { state, replicas });
    const sample = sketchSample(three, [good, one]);
    const ledger = { ...emptyLedger, streams: [remembered("ONE", ["n2"])] };
    assert.ok(isPlainlyHealthy(sample) && !isPlainlyHealthy(sample, ledger));
    const [emptied, other] = clusterStatus(sketchPicture(sample), ledger).streams;
    assert.deepEqual([emptied?.stream, emptied?.light, other?.light], ["ONE", "red", "green"]);
    assert.match(
      emptied?.reason ?? "",
      /held sequences up to 500 on .*, and is empty now, with the same creation time/,
    );
    // One look alone may see it while it passes.
    assert.equal(clusterStatus(sketchPicture(sample, null), ledger).streams[0]?.light, "yellow");
  });

  it("puts the worst first and the servers' own word beside it", () => {
    const short = sketchStream("SHORT", { peers: ["+n1", "+n2", "xn3"], leader: "n1" });
    const lost = sketchStream("LOST", { peers: ["+n1", "-n3"] });
    const sample = sketchSample(["n1", "n2", "!n3"], [short, lost]);
    assert.ok(isSeen(sample.meta));
    const peers = [sketchPeer("+n1"), sketchPeer("+n2"), sketchPeer("xn3")];
    const status = clusterStatus(sketchPicture({ ...sample, meta: { ...sample.meta, peers } }));
    assert.deepEqual(
      status.streams.map(({ stream, light }) => [stream, light]),
      [
        ["LOST", "red"],
        ["SHORT", "yellow"],
      ],
    );
    assert.equal(status.servers[2]?.reason, "does not answer; the cluster calls it offline");
    assert.equal(status.meta.light, "yellow");
    assert.match(status.meta.reason, /n3 is down; it can lose no more$/);
  });

  it("F35: says of a removed server that is back what it is, whatever it says of its health, and the doctor agrees", () => {
    assert.ok(isSeen(healthy.meta));
    const without = { ...healthy, meta: { ...healthy.meta, size: 2, peers: [sketchPeer("+n1"), sketchPeer("+n2")] } };
    const ledger = mergeLedger(emptyLedger, sketchPicture(healthy));
    const removed: Ledger = {
      ...ledger,
      servers: ledger.servers.map((one) => (one.name === "n3" ? { ...one, removedAt: "2025-12-31T00:00:00Z" } : one)),
    };
    const told = (sample: Sample, known?: Ledger): readonly unknown[] => {
      const status = clusterStatus(sketchPicture(sample), known);
      const n3 = status.servers.find(({ server }) => server === "n3");
      const { findings } = examine(sketchPicture(sample), { now: sample.takenAt, ledger: known });
      const about = findings
        .filter(({ id }) => id === "D6" || id === "D14")
        .filter(({ evidence }) => evidence.some((line) => /^n3\b/.test(line)));
      const ids = about.map(({ id }) => id);
      return [n3?.light, n3?.reason.replace(/[:;].*/, ""), status.returned, ids];
    };
    assert.deepEqual(told(without, removed), ["red", "was removed on 2025-12-31 00", ["n3"], ["D14"]]);
    assert.deepEqual(told(without), ["red", "runs JetStream and is no member of the meta group", ["n3"], ["D6"]]);
    assert.deepEqual(told(healthy, removed), ["yellow", "was removed on 2025-12-31 00", [], ["D14"]]);
    assert.deepEqual(told(healthy, ledger), ["green", "healthy", [], []]);
    // Without a leader nobody says who is a member.
    const headless = { ...healthy, meta: { ...healthy.meta, leader: null, peers: { unseen: "not-told" } as const } };
    assert.equal(told(headless, removed)[0], "green");
  });

  it("is red where a stream works and a consumer of it does not", () => {
    const stream = { ...good, consumers: [consumer("billing", null), consumer("mail", "n2")] };
    const [status] = clusterStatus(sketchPicture(sketchSample(three, [stream]))).streams;
    assert.equal(status?.light, "red");
    assert.deepEqual(status?.leaderlessConsumers, ["billing"]);
    assert.match(status?.reason ?? "", /1 of its consumers has no leader$/);
  });

  it("takes what it may not see for no fault, and says it", () => {
    const sample: Sample = {
      ...sketchSample([], [good]),
      sight: { system: blind, allServersAnswered: blind, account: "APP", others: [] },
      meta: blind,
    };
    const status = clusterStatus(sketchPicture(sample, null));
    assert.deepEqual([status.light, status.meta.light], ["green", "unknown"]);
    assert.match(status.notSeen[0]?.cure ?? "", /--system-creds/);
  });

  it("knows a server on its own", () => {
    const alone = sketchStream("ONE", { peers: ["+n1"], leader: "n1" });
    const status = clusterStatus(
      sketchPicture({ ...sketchSample(["n1"], [alone]), meta: { unseen: "not-told" } }, null),
    );
    assert.deepEqual([status.light, status.meta.reason], ["green", "none, a server on its own"]);
  });

  it("says that the list of streams waits for the meta group's leader", () => {
    assert.ok(isSeen(healthy.meta));
    const meta = { ...healthy.meta, leader: null, whyNoLeader: "none of those who answer knows one" };
    const accounts = [{ name: "APP", inventory: { unseen: "no-answer" } as const, streams: [good] }];
    const status = clusterStatus(sketchPicture({ ...healthy, meta, accounts }));
    assert.equal(status.meta.light, "red");
    assert.match(status.notSeen[0]?.what ?? "", /^the list of streams of account APP/);
    assert.match(status.notSeen[0]?.cure ?? "", /until the meta group has a leader$/);
  });
});
