import type { ArchivedConsumer } from "../archive/archive-report.ts";
import type { V1Sink } from "../archive/archive-sink.ts";
import type { OpenJson } from "../filestore/meta-inf.ts";
import type { SequenceRanges } from "../sequence-ranges.ts";
import type { SubjectMap } from "../subjects/subject-map.ts";
import type { DropCounts, MessageSelection } from "./message-filter.ts";
import type { NewestOptions } from "./newest-per-subject.ts";
import type { Obfuscator } from "./obfuscator.ts";

/** What to make of an archive's content. An empty edit keeps all of it. */
export interface ArchiveEdit {
  readonly select?: MessageSelection;
  /** Of what `select` keeps, only the newest of each subject. */
  readonly newest?: NewestOptions;
  readonly subjects?: SubjectMap;
  readonly obfuscate?: Obfuscator;
  /** Number the messages anew, from 1 on. */
  readonly renumber?: boolean;
  /** Default true. */
  readonly consumers?: boolean;
  readonly leaveOutConsumers?: readonly { readonly name: string; readonly reason: string }[];
  /** Fields that no consumer's configuration is to have. */
  readonly dropConsumerFields?: readonly string[];
}

/** What the archive is to be, once it is edited. */
export interface EditTarget {
  readonly format: "v1" | "v2";
  /** Of the stream to be: its name goes into the checksums of a v1 archive. */
  readonly config: OpenJson & { readonly name: string };
  /** RFC 3339; a v1 archive carries it. */
  readonly created: string;
  /** False stores S2 blocks uncompressed. Default true. */
  readonly compress?: boolean;
  /** v1: note the last sequence of an empty stream as nats-server 2.9 does. */
  readonly emptyAsIn29?: boolean;
  /** v1: add an index, for servers from 2.10 on. Default false. */
  readonly index?: boolean;
  /** v1: origins that were restored beside it, with the last sequence of each, for servers from 2.15 on. */
  readonly restoredOrigins?: Readonly<Record<string, number>> | undefined;
}

/** What is known of the source from elsewhere: an earlier pass, an outline, or a manifest. */
export interface EditSource {
  /** v1: sees all that is in the archive. */
  readonly evidence?: V1Sink | undefined;
  /** v1: the live messages and the consumers, as an inspector found them: they stand in another order there. */
  readonly live?: SequenceRanges;
  readonly consumers?: readonly ArchivedConsumer[];
  /** The stream's last sequence, where it lies behind what the archive says. */
  readonly lastSequence?: number;
  /** v1: what all the live messages amount to, where that is known. It is a forecast only: the result is counted anew. */
  readonly content?: ContentNumbers;
}

/** What a stream's messages amount to. Times are nanoseconds since 1970. */
export interface ContentNumbers {
  readonly messages: number;
  /** As a file store counts them. */
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstTime: bigint | undefined;
  readonly lastTime: bigint | undefined;
}

/** What an edit did. Times are nanoseconds since 1970; sequences are the result's own. */
export interface EditReport {
  readonly sourceMessages: number;
  readonly messages: number;
  /** As a file store counts them. */
  readonly bytes: number;
  readonly firstSequence: number;
  /** Of the last message; 0 where none is kept. */
  readonly lastMessage: number;
  /** The stream's own, which can lie behind its last message. */
  readonly lastSequence: number;
  readonly firstTime: bigint | undefined;
  readonly lastTime: bigint | undefined;
  readonly dropped: DropCounts;
  /** Markers of removed keys that a header or payload filter dropped, which brings those keys back. */
  readonly markersDropped: number;
  readonly consumers: readonly string[];
  readonly droppedConsumers: readonly { readonly name: string; readonly reason: string }[];
  /** Acknowledgements that were waited for and whose messages are gone. */
  readonly droppedPending: number;
}
