import type { BlockIndex } from "../filestore/block-index.ts";
import type { IndexDb } from "../filestore/index-db.ts";
import type { StreamMeta } from "../filestore/meta-inf.ts";
import type { EntryRows, Kernels, RecordRows } from "../kernels/kernels.ts";
import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import type { ArchivedConsumer, ArchiveProblem } from "./archive-report.ts";

/** A run of records or entries in kernel memory: valid during the call that hands it over, not longer. */
export interface Batch<Rows> {
  readonly kernels: Kernels;
  readonly rows: Rows;
  readonly count: number;
  /** Address of the first byte, and its offset in the decoded archive. */
  readonly start: number;
  readonly offset: number;
}

export interface RecordBatch extends Batch<RecordRows> {
  /** The number in `msgs/<block>.blk`. */
  readonly block: number;
}

export type EntryBatch = Batch<EntryRows>;

/** What comes out of an archive of either format. */
export interface CommonSink {
  consumer(consumer: ArchivedConsumer): void;
  problem(problem: ArchiveProblem): void;
}

/**
 * Receives a v1 archive in the order of its entries. Every checksum was verified before. Records come with all there is in
 * a block: live, dead, erased, tombstones; which are live is known only at the end.
 */
export interface V1Sink extends CommonSink {
  stream(meta: StreamMeta): void;
  /** `msgs/N.idx`, which comes before its block. */
  blockIndex(block: number, index: BlockIndex): void;
  blockStart(block: number): void;
  records(batch: RecordBatch): void;
  /** `lastChecksum` is 0 for a block without records. */
  blockEnd(block: number, bytes: number, lastChecksum: bigint): void;
  index(index: IndexDb): void;
}

/** Receives a v2 archive in the order of its entries. Sequences ascend. */
export interface V2Sink extends CommonSink {
  state(state: StreamStateJson): void;
  messages(batch: EntryBatch): void;
}
