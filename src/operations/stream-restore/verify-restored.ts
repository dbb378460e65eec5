import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import type { RestorePlan } from "./restore-plan.ts";

export interface ConsumerOutcome {
  readonly name: string;
  readonly outcome: "exact" | "behind" | "ahead" | "missing" | "no-state";
  readonly text: string;
}

export interface RestoreOutcome {
  /** What differs so that the restore has not done its job. */
  readonly mismatches: readonly string[];
  readonly notes: readonly string[];
  /** What should change by itself in a moment; a reason to look again, and to be told of where it stays. */
  readonly unsettled: readonly string[];
  readonly consumers: readonly ConsumerOutcome[];
}

/** Holds the stream that the server now has against the plan and the archive. Pure. */
export function verifyRestored(
  plan: RestorePlan,
  facts: ArchiveFacts,
  info: StreamInfo,
  consumers: readonly ConsumerInfo[],
): RestoreOutcome {
  const mismatches: string[] = [];
  const notes: string[] = [];
  const { expected } = plan;
  const { state } = info;
  const arrived = Math.max(0, state.last_seq - expected.streamLastSequence);
  if (state.messages < expected.atLeast) {
    mismatches.push(`${state.messages} messages are in the stream, the archive holds ${expected.messages}`);
  } else if (state.messages < expected.messages) {
    notes.push(
      `${expected.messages - state.messages} of ${expected.messages} messages are no longer there: ` +
        "age, limits, their own time to live, or acknowledged already",
    );
  } else if (state.messages > expected.messages + arrived) {
    mismatches.push(
      `${state.messages} messages are in the stream, the archive holds ${expected.messages}: deleted ones came back`,
    );
  }
  if (state.last_seq < expected.streamLastSequence) {
    mismatches.push(`the last sequence is ${state.last_seq}, it was ${expected.streamLastSequence}`);
  }
  if (arrived > 0) {
    notes.push(
      `${arrived} messages arrived after the restore (last sequence ${expected.streamLastSequence} → ${state.last_seq}): ` +
        "publishers or sources are writing already",
    );
  }
  if (state.messages === expected.messages && expected.messages > 0 && state.first_seq !== expected.firstSequence) {
    mismatches.push(`the first sequence is ${state.first_seq}, it was ${expected.firstSequence}`);
  }
  const anew = plan.route === "by-message" || plan.route === "through-mirror";
  const outcomes = facts.consumers
    .filter(({ name }) => expected.consumers.includes(name))
    .map((consumer) =>
      consumerOutcome(consumer, anew ? consumers.map((info) => standing(info, state.first_seq)) : consumers),
    );
  for (const outcome of outcomes) {
    if (outcome.outcome === "missing") mismatches.push(outcome.text);
    else if (outcome.outcome !== "exact") notes.push(outcome.text);
  }
  const complete = state.messages === expected.messages && expected.messages > 0;
  const unsettled = complete ? withoutPending(outcomes, consumers, expected.lastSequence) : [];
  return { mismatches, notes, unsettled, consumers: outcomes };
}

/**
 * Consumers that show nothing pending though the last message is still to be delivered. Seen once, on a cluster of 2.15, on
 * consumers of a work queue right after a restore that was right otherwise.
 */
function withoutPending(
  outcomes: readonly ConsumerOutcome[],
  live: readonly ConsumerInfo[],
  lastSequence: number,
): string[] {
  return live
    .filter(({ name, config, delivered, num_pending }) => {
      const exact = outcomes.some((outcome) => outcome.name === name && outcome.outcome === "exact");
      const filtered = config.filter_subject !== undefined || config.filter_subjects !== undefined;
      return exact && !filtered && num_pending === 0 && delivered.stream_seq < lastSequence;
    })
    .map(
      ({ name }) =>
        `consumer "${name}" shows no pending messages though some are still to be delivered; if it hands none out, ` +
        "let its leader step down: nats consumer cluster step-down",
    );
}

/**
 * A consumer that was made anew and has delivered nothing stands before the message that it begins with, whatever the server
 * calls its floor; nobody misses sequences before the stream's first.
 */
function standing(info: ConsumerInfo, firstSequence: number): ConsumerInfo {
  if (info.delivered.consumer_seq > 0) return info;
  const stream_seq = Math.max(info.delivered.stream_seq, firstSequence - 1);
  return { ...info, delivered: { ...info.delivered, stream_seq }, ack_floor: { ...info.ack_floor, stream_seq } };
}

function consumerOutcome(archived: ArchiveFacts["consumers"][number], live: readonly ConsumerInfo[]): ConsumerOutcome {
  const { name, state } = archived;
  const info = live.find((consumer) => consumer.name === name);
  if (!info) {
    // The server removes ephemeral consumers that nobody listens to.
    const ephemeral = !archived.config.durable_name;
    return ephemeral
      ? { name, outcome: "no-state", text: `ephemeral consumer "${name}" is gone again` }
      : { name, outcome: "missing", text: `consumer "${name}" is missing` };
  }
  if (!state) return { name, outcome: "no-state", text: `consumer "${name}" starts by its deliver policy` };
  const [floor, delivered] = [info.ack_floor.stream_seq, info.delivered.stream_seq];
  const [wantFloor, wantDelivered] = [state.ack_floor.stream_seq, state.delivered.stream_seq];
  if (floor === wantFloor && delivered === wantDelivered) {
    return { name, outcome: "exact", text: `consumer "${name}" is where it was` };
  }
  const was = `(delivered ${wantDelivered} → ${delivered}, ack floor ${wantFloor} → ${floor})`;
  return floor < wantFloor || delivered < wantDelivered
    ? { name, outcome: "behind", text: `consumer "${name}" is behind where it was ${was}; messages come again` }
    : { name, outcome: "ahead", text: `consumer "${name}" is ahead of where it was ${was}` };
}
