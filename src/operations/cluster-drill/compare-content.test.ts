import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import { compareContent } from "./compare-content.ts";
import type { ContentMessage, StreamContent } from "./stream-content.ts";

const consumer = (name: string, delivered: number, floor: number): ConsumerInfo =>
  ({
    name,
    delivered: { consumer_seq: delivered, stream_seq: delivered },
    ack_floor: { consumer_seq: floor, stream_seq: floor },
    num_ack_pending: delivered - floor,
  }) as ConsumerInfo;

const message = (text: string): ContentMessage => ({ time: 1n, hash: text });

function content(changes: Partial<StreamContent> = {}): StreamContent {
  return {
    name: "ORDERS",
    info: { config: { name: "ORDERS", num_replicas: 3 } } as StreamInfo,
    messages: new Map([1, 2, 3].map((sequence) => [sequence, message(`m${sequence}`)])),
    consumers: [consumer("billing", 3, 2)],
    silentConsumers: [],
    ...changes,
  };
}

const kept = { added: [], restored: false };
const differences = (
  after: Partial<StreamContent>,
  expected: Parameters<typeof compareContent>[2] = kept,
): readonly string[] => compareContent(content(), content(after), expected).differences;

describe("what a drill compares", () => {
  it("is the same where it is the same", () => {
    assert.deepEqual(differences({}), []);
  });

  it("finds a message that is missing, one too many, and one that is another", () => {
    const messages = new Map([
      [1, message("m1")],
      [2, message("another")],
      [4, message("m4")],
    ]);
    assert.deepEqual(differences({ messages }), [
      "missing: 1 message (sequence 3)",
      "not expected: 1 message (sequence 4)",
      "changed: 1 message (sequence 2)",
    ]);
  });

  it("finds a message whose time is another", () => {
    const messages = new Map(content().messages).set(2, { time: 2n, hash: "m2" });
    assert.deepEqual(differences({ messages }), ["changed: 1 message (sequence 2)"]);
  });

  it("wants what was acknowledged meanwhile", () => {
    const expected = { added: [4], restored: false };
    assert.deepEqual(differences({}, expected), ["missing: 1 message (sequence 4)"]);
    assert.deepEqual(differences({ messages: new Map(content().messages).set(4, message("m4")) }, expected), []);
  });

  it("finds consumers that are missing, do not answer, were not there, or stand elsewhere", () => {
    assert.deepEqual(differences({ consumers: [] }), ["consumer billing is missing"]);
    assert.deepEqual(differences({ consumers: [], silentConsumers: ["billing"] }), [
      "consumer billing does not answer",
    ]);
    assert.deepEqual(differences({ consumers: [consumer("billing", 3, 2), consumer("other", 0, 0)] }), [
      "consumer other was not there before",
    ]);
    assert.deepEqual(differences({ consumers: [consumer("billing", 0, 0)] }), [
      "consumer billing: delivered up to 0 instead of 3, acknowledged up to 0 instead of 2, unacknowledged 0 instead of 1",
    ]);
  });

  it("lets a consumer from a backup go on behind its last acknowledgement, and says so; no other one, and nowhere else", () => {
    const after = content({ consumers: [consumer("billing", 2, 2)] });
    const restored = compareContent(content(), after, { added: [], restored: true });
    assert.deepEqual(restored.differences, []);
    assert.deepEqual(restored.notes, [
      "consumer billing goes on behind its last acknowledgement: 1 message delivered again",
    ]);
    assert.equal(compareContent(content(), after, kept).differences.length, 1);
    assert.equal(differences({ consumers: [consumer("billing", 1, 1)] }, { added: [], restored: true }).length, 1);
  });

  it("finds a stream that has fewer replicas than it had", () => {
    const info = { config: { name: "ORDERS", num_replicas: 1 } } as StreamInfo;
    assert.deepEqual(differences({ info }), ["its configuration has num_replicas 1 instead of 3"]);
  });
});
