import type { ArchiveReport } from "../archive/archive-inspector.ts";

/** A consumer as the archive holds it. */
export interface ConsumerFacts {
  readonly name: string;
  readonly config: { readonly [key: string]: unknown };
  /** Undefined where the archive holds no state: the consumer then starts by its deliver policy. */
  readonly state?: {
    readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
    readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
    readonly pending: number;
  };
}

/**
 * What a restore has to know about an archive, as plain JSON: kept in the manifest, so that an archive whose hash is still
 * right need not be decoded again. Times are RFC 3339 with nanoseconds.
 */
export interface ArchiveFacts {
  readonly format: "v1" | "v2";
  readonly decodedBytes: number;
  readonly messages: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  /** The stream's last sequence, which can be beyond its last live message. */
  readonly streamLastSequence: number;
  /** The most sequences in a row that hold no message, between the first message and the stream's last sequence. */
  readonly largestGap: number;
  /** Messages with a time to live of their own. */
  readonly ttlMessages: number;
  /** Deleted messages that a server before 2.10 would bring back. */
  readonly resurrects: number;
  /** The last sequence that a server before 2.10 would restore: a purge is noted where it does not look. */
  readonly lastSequenceBefore210: number;
  /** v1: a server that does not keep the archive's index would have other messages, another last sequence, or no stream. */
  readonly needsIndex: boolean;
  /** Of the live messages, as a file store counts them; absent where that is not known exactly. */
  readonly bytes?: number;
  /**
   * v1: the index says what a server will find, so that no limit removes more on restore. Not so before 2.10, where limits
   * stand still during a snapshot: its archive can hold more than they allow, with indexes that are right.
   */
  readonly indexMatches: boolean;
  /** Zero bytes follow the tar, over which servers from 2.12.6 to 2.14 fail. */
  readonly trailingZeros: boolean;
  /** Messages that work-queue and interest streams drop on restore, because a consumer has them acknowledged. */
  readonly acknowledged: number;
  /** Some live sequences, for reading back. */
  readonly samples: readonly number[];
  readonly consumers: readonly ConsumerFacts[];
  /** v1 only: the configuration inside the archive. */
  readonly inside?: {
    readonly name: string;
    readonly created: string;
    readonly config: { readonly name: string; readonly [key: string]: unknown };
  };
}

/** Condenses a report. Pure. */
export function archiveFacts(report: ArchiveReport): ArchiveFacts {
  const consumers = report.consumers.map((consumer): ConsumerFacts => {
    const { state } = consumer;
    if (!state) return { name: consumer.name, config: consumer.config as ConsumerFacts["config"] };
    return {
      name: consumer.name,
      config: consumer.config as ConsumerFacts["config"],
      state: {
        delivered: { consumer_seq: state.delivered.consumer, stream_seq: state.delivered.stream },
        ack_floor: { consumer_seq: state.ackFloor.consumer, stream_seq: state.ackFloor.stream },
        pending: state.pending.length,
      },
    };
  });
  const delivered = Math.max(0, ...consumers.map((consumer) => consumer.state?.delivered.stream_seq ?? 0));
  const pending = consumers.reduce((sum, consumer) => sum + (consumer.state?.pending ?? 0), 0);
  return {
    format: report.format,
    decodedBytes: report.decodedBytes,
    messages: report.live.messages,
    firstSequence: report.live.firstSequence,
    lastSequence: report.live.lastSequence,
    firstTime: isoTime(report.live.firstTime),
    lastTime: isoTime(report.live.lastTime),
    streamLastSequence: report.lastSequence,
    largestGap: largestGap(report),
    ttlMessages: report.ttlMessages,
    resurrects: report.resurrects,
    lastSequenceBefore210: report.lastSequenceBefore210,
    needsIndex: needsIndex(report),
    ...(report.live.bytes === undefined ? {} : { bytes: report.live.bytes }),
    indexMatches: report.indexMatches && report.index !== "idx",
    trailingZeros: report.problems.some((problem) => problem.code === "trailing-zeros"),
    acknowledged: Math.max(0, report.live.ranges.countUpTo(delivered) - pending),
    samples: sampleSequences(report),
    consumers,
    ...(report.stream
      ? {
          inside: {
            name: report.stream.name,
            created: report.stream.created,
            config: report.stream.config as { name: string; [key: string]: unknown },
          },
        }
      : {}),
  };
}

function needsIndex(report: ArchiveReport): boolean {
  const { format, index, live, lastSequence, records, liveWithoutIndexDiffers, problems } = report;
  // It has none: a server would let older messages take the places of newer ones that were deleted.
  if (problems.some(({ code }) => code === "limits-applied")) return true;
  if (format === "v2") return false;
  // An encrypted 2.14 loses a stream whose only block is empty at its next start: without the index it cannot open it.
  const emptyBlocks = index !== "none" && records.total === 0;
  return liveWithoutIndexDiffers || emptyBlocks || (index === "idx" && live.lastSequence < lastSequence);
}

function largestGap({ live, lastSequence }: ArchiveReport): number {
  let gap = 0;
  let before = 0;
  for (const [first, last] of live.ranges) {
    if (before > 0) gap = Math.max(gap, first - before - 1);
    before = last;
  }
  return before > 0 ? Math.max(gap, lastSequence - before) : 0;
}

const sampleRuns = 6;

/** First and last of some runs of live sequences, spread over the stream. */
function sampleSequences({ live }: ArchiveReport): number[] {
  if (live.messages === 0) return [];
  const samples = new Set([live.firstSequence, live.lastSequence]);
  const every = Math.max(1, Math.floor(live.ranges.runs / sampleRuns));
  let index = 0;
  for (const [first, last] of live.ranges) {
    if (index++ % every !== 0) continue;
    samples.add(first).add(last);
    samples.add(first + Math.floor((last - first) / 2));
  }
  return [...samples].sort((a, b) => a - b).slice(0, 24);
}

/** RFC 3339 with nanoseconds. */
export function isoTime(nanoseconds: bigint | undefined): string | null {
  if (nanoseconds === undefined) return null;
  const second = 1_000_000_000n;
  const fraction = ((nanoseconds % second) + second) % second;
  const whole = Number((nanoseconds - fraction) / 1_000_000n);
  return `${new Date(whole).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, "0")}Z`;
}
