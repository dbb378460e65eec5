import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamCounters, StreamPicture } from "../../cluster/picture.ts";
import { compareCounters } from "../../cluster/verify/compare-counters.ts";
import type { VerifiedStream } from "../../cluster/verify/verified-stream.ts";
import { sketchPicture, sketchSample, sketchStream } from "../../testing/sketch-cluster.ts";
import { withoutContent } from "./without-content.ts";

const reason = "a work queue takes no further consumer";
const three = ["n1", "n2", "n3"];

/** The counters of a work queue of three replicas that end where it is said. */
function counted(...ends: readonly number[]): VerifiedStream {
  const replicas = three.map((server, index) => {
    const lastSeq = ends[index] ?? 50;
    const state: StreamCounters = { messages: lastSeq, bytes: 100 * lastSeq, firstSeq: 1, lastSeq, deleted: 0 };
    return { server, state, lost: 0, leader: "n1" };
  });
  const stream: StreamPicture = sketchStream(
    "QUEUE",
    { peers: ["+n1", "+n2", "+n3"], leader: "n1" },
    { replicas, state: replicas[0]?.state ?? assert.fail() },
  );
  return compareCounters(sketchPicture(sketchSample(three, [stream])), stream);
}

describe("a stream whose content cannot be read", () => {
  it("CV-06: is not proven by equal counters, which are told beside the reason", () => {
    const queue = withoutContent(counted(), reason);
    assert.equal(queue.verdict, "unproven");
    assert.equal(
      queue.reason,
      "all replicas count the same, but its content was not read: a work queue takes no further consumer",
    );
    assert.deepEqual(
      queue.replicas.map(({ verdict, read }) => [verdict, read]),
      three.map(() => ["unproven", null]),
    );
  });

  it("CV-06: is damaged where its counters say so, and that its content was not read is said all the same", () => {
    const queue = withoutContent(counted(50, 50, 60), reason);
    assert.equal(queue.verdict, "damaged");
    assert.match(queue.reason, /^n3 ends at 60, and its leader n1 at 50; its content was not read: a work queue/);
    assert.deepEqual(
      queue.replicas.map(({ verdict }) => verdict),
      ["unproven", "unproven", "damaged"],
    );
  });
});
