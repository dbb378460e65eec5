import type { ArchivedConsumer } from "../archive/archive-report.ts";
import { type ConsumerState, type PendingAcks, type Redelivered, redelivered } from "../filestore/consumer-state.ts";
import type { OpenJson } from "../filestore/meta-inf.ts";
import { PendingColumns } from "../filestore/pending-columns.ts";
import type { SequenceRanges } from "../sequence-ranges.ts";

export interface ConsumerEdit {
  /** Sequences of the source that were kept. */
  readonly kept: SequenceRanges;
  /** The last sequence of the result, in its own numbers. */
  readonly lastSequence: number;
  /** The kept messages were numbered anew, from 1. */
  readonly renumbered: boolean;
}

/**
 * Where a consumer stands in a stream that holds `kept` only. Its floor and its last delivery stay where they are, or move to
 * the numbers that the messages have now; acknowledgements that it waits for stay as long as their messages do. Never
 * further than the stream goes, as a server would let it skip new messages until then. Pure.
 */
export function editConsumerState(state: ConsumerState, edit: ConsumerEdit): ConsumerState {
  const { kept, lastSequence, renumbered } = edit;
  // The number that a message has, or would have: that of the last one up to it.
  const moved = (sequence: number): number => Math.min(renumbered ? kept.countUpTo(sequence) : sequence, lastSequence);
  return {
    delivered: { consumer: state.delivered.consumer, stream: moved(state.delivered.stream) },
    ackFloor: { consumer: state.ackFloor.consumer, stream: moved(state.ackFloor.stream) },
    pending: keptPending(state.pending, kept, moved),
    redelivered: keptRedelivered(state.redelivered, kept, moved),
  };
}

/**
 * The configuration of a consumer that starts at a sequence: among messages that are numbered anew, at the number of the first
 * one from there on. Pure.
 */
export function startAmong(config: OpenJson, { kept, renumbered }: ConsumerEdit): OpenJson {
  const { opt_start_seq: start } = config;
  if (!renumbered || typeof start !== "number" || start < 1) return config;
  return { ...config, opt_start_seq: kept.countUpTo(start - 1) + 1 };
}

function keptPending(pending: PendingAcks, kept: SequenceRanges, moved: (sequence: number) => number): PendingAcks {
  const left = new PendingColumns();
  for (let row = 0; row < pending.length; row++) {
    const stream = pending.stream[row] as number;
    if (!kept.has(stream)) continue;
    left.add(moved(stream), pending.consumer[row] as number, pending.time[row] as bigint);
  }
  return left.build();
}

function keptRedelivered(again: Redelivered, kept: SequenceRanges, moved: (sequence: number) => number): Redelivered {
  const rows: [stream: number, count: number][] = [];
  for (let row = 0; row < again.length; row++) {
    const stream = again.stream[row] as number;
    if (kept.has(stream)) rows.push([moved(stream), again.count[row] as number]);
  }
  return redelivered(rows);
}

/**
 * A consumer whose filters are renamed as the subjects are; undefined where one of them is renamed only in part, so that no
 * filter would find the same messages. Pure.
 */
export function renameConsumerFilters(
  consumer: ArchivedConsumer,
  rename: (subject: string) => string | undefined,
): ArchivedConsumer | undefined {
  const config: Record<string, unknown> = { ...consumer.config };
  const { filter_subject: one, filter_subjects: several } = config;
  const renamed = (subject: unknown): unknown =>
    typeof subject === "string" && subject !== "" ? rename(subject) : subject;
  if (one !== undefined) config.filter_subject = renamed(one);
  if (Array.isArray(several)) config.filter_subjects = [...new Set(several.map(renamed))];
  const lost =
    (one !== undefined && config.filter_subject === undefined) ||
    (Array.isArray(several) && (config.filter_subjects as unknown[]).includes(undefined));
  return lost ? undefined : { ...consumer, config };
}
