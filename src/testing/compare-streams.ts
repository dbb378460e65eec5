import { type ConsumerTolerances, compareConsumers } from "./compare-consumers.ts";
import { type Difference, describeDifferences } from "./difference.ts";
import type { MessageTable } from "./message-table.ts";
import type { StreamContents } from "./read-stream.ts";
import { configDifferences } from "./same-config.ts";

/** Which differences a caller knows of and expects. Nothing is tolerated unless it is named here. */
export interface Tolerances extends ConsumerTolerances {
  /** Fields of the stream's configuration that may differ, such as "num_replicas", "first_seq" or "placement". */
  readonly streamConfig?: readonly string[];
  /** Fields of the stream's state that may differ, of `comparedState`. */
  readonly streamState?: readonly string[];
  /** Do not compare consumers at all (a restore without them). */
  readonly noConsumers?: boolean;
  /** Messages that need not come back, such as those whose time to live ended in between. */
  readonly missingMessages?: (sequence: number) => boolean;
  /** Do not compare when messages were stored: they were published anew. */
  readonly messageTimes?: boolean;
  /** Also compare when the stream was created, which v2 archives and clusters lose. Off by default. */
  readonly created?: boolean;
  /** Stop after this many differences of messages, 1000 by default: all of a million would tell no more. */
  readonly most?: number;
}

/**
 * The fields of a stream's state that must be the same. Not `bytes`, which a store counts in its own way, and not
 * `consumer_count`, which the comparison of the consumers covers.
 */
export const comparedState = [
  "messages",
  "first_seq",
  "last_seq",
  "first_ts",
  "last_ts",
  "num_deleted",
  "num_subjects",
] as const;

/**
 * Everything in which a stream is not what it was: configuration and state, every message (sequence, time, subject,
 * headers, payload), every consumer (configuration, delivered, acknowledgement floor, pending). Empty = the same.
 *
 * The stream's name is part of its configuration: tolerate "name" for a restore under another one.
 */
export function compareStreams(before: StreamContents, after: StreamContents, tolerate: Tolerances = {}): Difference[] {
  const differences: Difference[] = [];
  for (const difference of configDifferences(before.info.config, after.info.config)) {
    if (tolerate.streamConfig?.includes(difference.field)) continue;
    differences.push({ kind: "stream-config", ...difference });
  }
  if (tolerate.created && before.info.created !== after.info.created) {
    const values = { before: before.info.created, after: after.info.created };
    differences.push({ kind: "stream-state", field: "created", ...values });
  }
  for (const field of comparedState) {
    // The servers leave out what is zero.
    const was = before.info.state[field] ?? 0;
    const is = after.info.state[field] ?? 0;
    if (was === is || tolerate.streamState?.includes(field)) continue;
    // Of a stream without messages the servers say the year 1 or 1970 here, and neither means anything.
    if (field === "first_ts" && before.info.state.messages === 0 && after.info.state.messages === 0) continue;
    differences.push({ kind: "stream-state", field, before: was, after: is });
  }
  differences.push(...compareMessages(before.messages, after.messages, tolerate));
  if (!tolerate.noConsumers) differences.push(...compareConsumers(before.consumers, after.consumers, tolerate));
  return differences;
}

/** Throws an error that lists the first differences when there are any. */
export function assertSameStream(before: StreamContents, after: StreamContents, tolerate: Tolerances = {}): void {
  const differences = compareStreams(before, after, tolerate);
  if (differences.length === 0) return;
  throw new Error(`${before.name} is not what it was (${differences.length}):\n${describeDifferences(differences)}`);
}

/** Walks both tables side by side in the order of the sequences. */
function compareMessages(before: MessageTable, after: MessageTable, tolerate: Tolerances): Difference[] {
  const differences: Difference[] = [];
  const most = tolerate.most ?? 1_000;
  let i = 0;
  let j = 0;
  while ((i < before.length || j < after.length) && differences.length < most) {
    const was = i < before.length ? before.sequenceAt(i) : Number.POSITIVE_INFINITY;
    const is = j < after.length ? after.sequenceAt(j) : Number.POSITIVE_INFINITY;
    if (was < is) {
      if (!tolerate.missingMessages?.(was)) differences.push({ kind: "message-missing", before: before.at(i) });
      i++;
    } else if (is < was) {
      differences.push({ kind: "message-extra", after: after.at(j) });
      j++;
    } else {
      if (!before.sameAt(i, after, j)) differences.push(...compareMessage(before, i, after, j, tolerate));
      i++;
      j++;
    }
  }
  return differences;
}

function compareMessage(
  before: MessageTable,
  i: number,
  after: MessageTable,
  j: number,
  tolerate: Tolerances,
): Difference[] {
  const pair = { before: before.at(i), after: after.at(j) };
  const { before: was, after: is } = pair;
  const differences: Difference[] = [];
  if (was.time !== is.time && !tolerate.messageTimes) differences.push({ kind: "message-time", ...pair });
  if (was.subject !== is.subject) differences.push({ kind: "message-subject", ...pair });
  if (was.headerSize !== is.headerSize || was.headerHash !== is.headerHash) {
    differences.push({ kind: "message-headers", ...pair });
  }
  if (was.payloadSize !== is.payloadSize || was.payloadHash !== is.payloadHash) {
    differences.push({ kind: "message-payload", ...pair });
  }
  return differences;
}
