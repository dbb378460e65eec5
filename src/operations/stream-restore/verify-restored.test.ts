import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { type RestoreOutcome, verifyRestored } from "./verify-restored.ts";

const plan = {
  stream: "S",
  expected: { messages: 10, atLeast: 10, firstSequence: 1, lastSequence: 10, streamLastSequence: 12, consumers: ["c"] },
} as unknown as RestorePlan;

interface Seen {
  readonly state?: Partial<StreamInfo["state"]>;
  readonly consumer?: Partial<ConsumerInfo>;
  readonly config?: Partial<ConsumerInfo["config"]>;
}

/** What is said of a stream of ten messages with one consumer that has delivered four and has six pending. */
function outcomeOf({ state, consumer, config }: Seen): RestoreOutcome {
  const position = { delivered: { consumer_seq: 4, stream_seq: 4 }, ack_floor: { consumer_seq: 2, stream_seq: 2 } };
  const archived = { name: "c", config: { durable_name: "c" }, state: { ...position, pending: 2 } };
  const facts = { consumers: [archived] } as unknown as ArchiveFacts;
  const info = { state: { messages: 10, first_seq: 1, last_seq: 12, ...state } } as StreamInfo;
  const live = {
    name: "c",
    config: { durable_name: "c", ...config },
    ...position,
    num_pending: 6,
    ...consumer,
  } as ConsumerInfo;
  return verifyRestored(plan, facts, info, [live]);
}

describe("a restored stream, held against the plan and the archive", () => {
  it("is right where messages, sequences and consumers are", () => {
    const { mismatches, notes, unsettled, consumers } = outcomeOf({});
    assert.deepEqual([mismatches, notes, unsettled], [[], [], []]);
    assert.deepEqual(
      consumers.map(({ outcome }) => outcome),
      ["exact"],
    );
  });

  it("is wrong with fewer messages, more than there were, a lower last sequence, another first one, or a consumer less", () => {
    for (const [seen, text] of [
      [{ state: { messages: 9 } }, /9 messages are in the stream, the archive holds 10/],
      [{ state: { messages: 11 } }, /deleted ones came back/],
      [{ state: { last_seq: 11 } }, /the last sequence is 11, it was 12/],
      [{ state: { first_seq: 2 } }, /the first sequence is 2, it was 1/],
      [{ consumer: { name: "other" } }, /consumer "c" is missing/],
    ] as const) {
      assert.match(outcomeOf(seen).mismatches.join(), text);
    }
  });

  it("notes what arrived meanwhile, and consumers that are behind or ahead", () => {
    assert.match(outcomeOf({ state: { messages: 13, last_seq: 15 } }).notes.join(), /3 messages arrived/);
    const at = (stream_seq: number): Seen => ({ consumer: { delivered: { consumer_seq: 4, stream_seq } } });
    assert.match(outcomeOf(at(3)).notes.join(), /behind/);
    assert.match(outcomeOf(at(5)).notes.join(), /ahead/);
  });

  it("is not settled while a consumer shows nothing pending though the last message is still to come", () => {
    const nothing: Seen = { consumer: { num_pending: 0 } };
    assert.match(outcomeOf(nothing).unsettled.join(), /consumer "c" shows no pending messages/);
    // It may have been given the last message, want other subjects, or messages may have left.
    const last = { consumer_seq: 4, stream_seq: 10 };
    assert.deepEqual(outcomeOf({ consumer: { num_pending: 0, delivered: last } }).unsettled, []);
    assert.deepEqual(outcomeOf({ ...nothing, config: { filter_subject: "s.x" } }).unsettled, []);
    assert.deepEqual(outcomeOf({ ...nothing, config: { filter_subjects: ["s.x"] } }).unsettled, []);
    assert.deepEqual(outcomeOf({ ...nothing, state: { messages: 9 } }).unsettled, []);
  });
});
