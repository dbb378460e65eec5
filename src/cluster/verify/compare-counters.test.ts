import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPicture, sketchSample, sketchStream } from "../../testing/sketch-cluster.ts";
import type { ReplicaPicture, Sample, StreamPicture } from "../picture.ts";
import { compareCounters } from "./compare-counters.ts";
import type { VerifiedStream } from "./verified-stream.ts";

const three = ["n1", "n2", "n3"];
const replica = (server: string, lastSeq = 10, messages = lastSeq, lost = 0): ReplicaPicture => ({
  server,
  state: { messages, bytes: 100 * messages, firstSeq: 1, lastSeq, deleted: 0 },
  lost,
  leader: "n1",
});

function look(replicas: StreamPicture["replicas"], changes: Partial<StreamPicture> = {}, servers = three): Sample {
  const stream = sketchStream("S", { peers: ["+n1", "+n2", "+n3"], leader: "n1" });
  return sketchSample(servers, [{ ...stream, replicas, ...changes }]);
}
function compare(later: Sample, earlier: Sample | null = later): VerifiedStream {
  const stream = later.accounts[0]?.streams[0];
  assert.ok(stream);
  return compareCounters(sketchPicture(later, earlier), stream);
}
const verdicts = ({ replicas }: VerifiedStream): object =>
  Object.fromEntries(replicas.map(({ server, verdict }) => [server, verdict]));

describe("compareCounters", () => {
  it("proves equal counters, and no content", () => {
    const found = compare(look(three.map((name) => replica(name))));
    assert.equal(found.verdict, "proven");
    assert.equal(found.content, null);
    assert.deepEqual(verdicts(found), { n1: "proven", n2: "proven", n3: "proven" });
  });

  it("F41: finds a replica that holds other messages in both looks", () => {
    const found = compare(look([replica("n1"), replica("n2", 10, 9), replica("n3")]));
    assert.equal(found.verdict, "damaged");
    assert.equal(found.reason, "n2 counts 9 messages, and its leader 10");
    assert.deepEqual(verdicts(found), { n1: "proven", n2: "damaged", n3: "proven" });
  });

  it("calls unproven what one look shows, and what moves", () => {
    const whole = look(three.map((name) => replica(name)));
    const off = (by: number): Sample => look([replica("n1"), replica("n2", 10, 10 - by), replica("n3")]);
    assert.equal(compare(off(1), whole).verdict, "unproven");
    assert.equal(compare(off(1), null).verdict, "unproven");
    assert.equal(compare(off(1), off(2)).verdict, "unproven");
  });

  it("finds a follower that has more than its leader, and lost messages", () => {
    const ahead = compare(look([replica("n1", 0), replica("n2", 500), replica("n3", 0)]));
    assert.equal(ahead.reason, "n2 ends at 500, and its leader n1 at 0");
    const lost = compare(look([replica("n1"), replica("n2"), replica("n3", 10, 10, 3)]), null);
    assert.equal(lost.reason, "n3 says itself that 3 of its messages are lost");
  });

  it("finds a server that answers and holds nothing of it, in both looks", () => {
    const found = compare(look([replica("n1"), replica("n2")]));
    assert.equal(found.reason, "n3 answers, and holds no replica of it");
    assert.equal(compare(look([replica("n1"), replica("n2")]), null).verdict, "unproven");
  });

  it("cannot prove what does not answer, is led by nobody or by two, or is told to the system account only", () => {
    const silent = compare(look([replica("n1"), replica("n2")], {}, ["n1", "n2", "!n3"]));
    assert.equal(silent.verdict, "unproven");
    assert.match(silent.reason, /^n3 did not tell/);
    const all = three.map((name) => replica(name));
    assert.match(compare(look(all, { leader: null })).reason, /nobody leads it/);
    assert.match(compare(look(all, { claimants: ["n1", "n2"] })).reason, /both claim to lead/);
    assert.match(compare(look({ unseen: "no-system-credential" })).reason, /system account/);
  });
});
