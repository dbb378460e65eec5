import type { ConsumerState } from "../filestore/consumer-state.ts";
import type { OpenJson, StreamMeta } from "../filestore/meta-inf.ts";
import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import type { SequenceRanges } from "../sequence-ranges.ts";
import type { GoneSequences } from "./gone-sequences.ts";

/** A consumer as the archive holds it. */
export interface ArchivedConsumer {
  readonly name: string;
  /** v1 only: RFC 3339, as written. */
  readonly created?: string;
  readonly config: OpenJson;
  /** Undefined where the archive holds none: the consumer then starts by its deliver policy. */
  readonly state?: ConsumerState;
}

export type ProblemCode =
  | "stream-name"
  | "missing-checksum"
  | "missing-block"
  | "missing-messages"
  | "evicted-block"
  | "newer-than-copy"
  | "ends-early"
  | "limits-applied"
  | "index-outdated"
  | "index-counts"
  | "repeated-block"
  | "repeated-records"
  | "overlapping-blocks"
  | "malformed-headers"
  | "consumer-incomplete"
  | "consumer-state"
  | "consumer-ahead"
  | "unknown-entry"
  | "trailing-zeros"
  | "skipped-chunks"
  | "counts-differ"
  | "other-snapshot"
  | "outside-state"
  | "contradictory-state";

/** Something that is wrong or odd, without being damage that ends the reading. */
export interface ArchiveProblem {
  readonly code: ProblemCode;
  /** `fatal`: what the archive claims to hold is not all there, or no server would take it. `note`: worth knowing. */
  readonly severity: "fatal" | "note";
  readonly message: string;
  readonly entry?: string;
  /** Sequences that this is about, inclusive. */
  readonly first?: number;
  readonly last?: number;
  /** How many messages, records or entries this is about. */
  readonly count?: number;
}

/** The live messages. */
export interface LiveMessages {
  readonly messages: number;
  /** Sequences of the first and last live message; 0 when there is none. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Bytes as a file store counts them, where they are known exactly. */
  readonly bytes?: number;
  /**
   * Times of the first and last live message, nanoseconds since 1970. Where thousands of dead messages follow the last live
   * one and no index tells, the time of a dead one near it, not earlier; likewise, not later, for the first.
   */
  readonly firstTime: bigint | undefined;
  readonly lastTime: bigint | undefined;
  readonly ranges: SequenceRanges;
}

/** What an archive was found to hold, once it was decoded to its end. Plain data, but for `live.ranges`. */
export interface ArchiveReport {
  readonly format: "v1" | "v2";
  readonly encodedBytes: number;
  readonly decodedBytes: number;
  /** v1 only: what `meta.inf` says. */
  readonly stream?: StreamMeta;
  readonly live: LiveMessages;
  /** The stream's last sequence as a server from 2.10 on would restore it: messages behind the last live one were deleted. */
  readonly lastSequence: number;
  /** v1: the last sequence that a server before 2.10 would restore; it does not read tombstones or `index.db`. */
  readonly lastSequenceBefore210: number;
  /** v1: what was inside the blocks. `deletedByIndex` counts whole records that only the index says are gone. v2: messages. */
  readonly records: {
    readonly total: number;
    readonly erased: number;
    readonly tombstones: number;
    readonly deletedByIndex: number;
  };
  /** v1: what decides which messages are live, beside tombstones. */
  readonly index: "index.db" | "idx" | "none";
  /** v1: a server would use the index as it is. Otherwise it rebuilds its state from the blocks. */
  readonly indexMatches: boolean;
  /** v2 only. */
  readonly state?: StreamStateJson;
  readonly consumers: readonly ArchivedConsumer[];
  /** Live messages that are older than `expiredBefore`, or whose own time to live is over at `now`. */
  readonly expired: number;
  /** Live messages with a time to live of their own. */
  readonly ttlMessages: number;
  readonly problems: readonly ArchiveProblem[];
  /** v1, where `reasons` were asked for. */
  readonly gone?: GoneSequences;
  /** v1: dead messages that a server before 2.10 would bring back. */
  readonly resurrects: number;
  /** v1: a server that does not use the index, but reads tombstones, would have other live messages. */
  readonly liveWithoutIndexDiffers: boolean;
}

export interface InspectOptions {
  /** Count live messages that are older than this, nanoseconds since 1970. */
  readonly expiredBefore?: bigint;
  /** Count live messages whose own time to live is over at this time, nanoseconds since 1970. */
  readonly now?: bigint;
  /** v1: sort the sequences without a message by why they have none. Default false. */
  readonly reasons?: boolean;
  /** v1: the name that the archive must be of. */
  readonly streamName?: string;
  /**
   * v1: check the hashes of records, beside the checksums of the blocks that they came in. Default true. Without it nothing is
   * proven: it is for who reads the archive once more, with every hash, before the result is used.
   */
  readonly verifyRecords?: boolean;
}
