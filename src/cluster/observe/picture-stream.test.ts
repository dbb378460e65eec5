import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import { pictureStream, type StreamReplica } from "./picture-stream.ts";

const old = "2026-01-01T00:00:00Z";
const now = "2026-01-02T00:00:00Z";

/** A server's own replica; `leader`: whom it takes for the leader of the stream. */
const replica = (server: string, created: string, leader: string | undefined, lastSeq: number): StreamReplica => ({
  server,
  detail: {
    name: "ONE",
    created,
    cluster: leader === undefined ? {} : { leader },
    state: { messages: lastSeq, bytes: lastSeq, first_seq: 1, last_seq: lastSeq },
  },
});
const info = (created: string, leader: string): StreamInfo =>
  ({
    created,
    config: { name: "ONE" },
    cluster: { leader },
    state: { messages: 400, bytes: 400, first_seq: 1, last_seq: 400 },
  }) as unknown as StreamInfo;

const createdOf = (replicas: readonly StreamReplica[], told?: StreamInfo): unknown =>
  pictureStream({
    account: "APP",
    name: "ONE",
    answer: told ? { kind: "answered" } : { kind: "timeout" },
    info: told,
    replicas,
    consumers: [],
  }).created;

describe("when a stream was created", () => {
  const stale = replica("n1", old, undefined, 0);
  const leader = replica("n4", now, "n4", 400);

  it("is what its leader says, not a server that comes back with the stream that had the name before", () => {
    assert.equal(createdOf([stale, leader]), now);
    assert.equal(createdOf([stale, leader], info(now, "n4")), now);
    assert.equal(createdOf([], info(now, "n4")), now);
  });

  it("is not known without a leader, where servers say different things", () => {
    const other = replica("n4", now, undefined, 400);
    assert.deepEqual(createdOf([stale, other]), { unseen: "no-answer" });
    assert.equal(createdOf([other]), now);
  });
});
