/**
 * The archives of NATS JetStream streams as a library: read, proven, and written, in both formats, without a server. It runs
 * in browsers as well: nothing of Node is in it.
 */
export { type ErrorCode, ExitCode, isRelightError, RelightError } from "../errors.ts";
export {
  type ArchivedConsumer,
  ArchiveInspector,
  type ArchiveProblem,
  type ArchiveReport,
  type InspectOptions,
  type LiveMessages,
  type ProblemCode,
} from "./archive/archive-inspector.ts";
export type { ConsumerState, PendingAcks, Redelivered, SequencePair } from "./filestore/consumer-state.ts";
export { pendingAcks, redelivered } from "./filestore/consumer-state.ts";
export type { Message } from "./message-batches.ts";
export { type OpenArchive, type ReadableArchive, readArchive } from "./read-archive.ts";
export { SequenceRanges } from "./sequence-ranges.ts";
export { type ArchiveContent, type ArchiveTarget, type WrittenArchive, writeArchive } from "./write-archive.ts";
