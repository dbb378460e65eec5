import { isRelightError } from "../../errors.ts";
import type { IndexDb } from "../filestore/index-db.ts";
import type { StreamMeta } from "../filestore/meta-inf.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { ChunkType, maxChunkBytes } from "../s2/s2-frames.ts";
import type { ArchivedConsumer } from "./archive-report.ts";
import { ArchiveWalk } from "./archive-walk.ts";
import { idleV1, idleV2 } from "./idle-sinks.ts";

/** A file of known size that can be read anywhere. */
export interface ReadAnywhere {
  readonly size: number;
  /** Exactly `length` bytes from `at` on, which are within the file; valid until the next call. */
  read(at: number, length: number): Uint8Array;
}

/** What a v1 archive says beside its messages. */
export interface ArchiveOutline {
  readonly stream: StreamMeta;
  readonly index: IndexDb;
  readonly consumers: readonly ArchivedConsumer[];
}

/** A chunk's head, its checksum, and the most that the length of a block takes. */
const peekBytes = 4 + 4 + 5;

/**
 * Reads what stands beside the messages of a v1 archive, and hops over these: a chunk that holds nothing else is not even read. It
 * takes a hundredth of the time of a whole pass, and proves nothing about what it left out.
 *
 * Undefined where it cannot be told: a v2 archive, one without an `index.db`, and one in which anything is odd. Never throws
 * ARCHIVE_DAMAGED: who reads all of it will say what is wrong.
 */
export function outlineArchive(file: ReadAnywhere, kernels: Kernels): ArchiveOutline | undefined {
  let stream: StreamMeta | undefined;
  let index: IndexDb | undefined;
  let odd = false;
  const consumers: ArchivedConsumer[] = [];
  const walk = new ArchiveWalk(
    {
      v1: () => ({
        ...idleV1,
        stream: (meta) => {
          stream = meta;
        },
        index: (found) => {
          index = found;
        },
        consumer: (consumer) => consumers.push(consumer),
        problem: () => {
          odd = true;
        },
      }),
      v2: () => idleV2,
    },
    kernels,
    { readRecords: false },
  );
  try {
    for (let at = 0; at < file.size; ) {
      if (walk.format === "v2") return undefined;
      const chunk = peek(file, at);
      if (chunk === undefined) return undefined;
      if (chunk.decoded !== undefined && chunk.decoded <= walk.unwanted) walk.pass(chunk.decoded);
      else walk.push(file.read(at, chunk.encoded));
      at += chunk.encoded;
    }
    walk.end();
  } catch (error) {
    if (isRelightError(error)) return undefined;
    throw error;
  }
  return stream && index && !odd ? { stream, index, consumers } : undefined;
}

interface Chunk {
  /** Bytes in the file. */
  readonly encoded: number;
  /** Bytes when it is decoded; undefined where it holds none of the stream's. */
  readonly decoded: number | undefined;
}

/** The chunk at an offset; undefined where none can be there. */
function peek(file: ReadAnywhere, at: number): Chunk | undefined {
  const left = file.size - at;
  if (left < 4) return undefined;
  const head = file.read(at, Math.min(peekBytes, left));
  const type = head[0] as number;
  const length = (head[1] as number) | ((head[2] as number) << 8) | ((head[3] as number) << 16);
  const encoded = 4 + length;
  if (length > maxChunkBytes || encoded > left) return undefined;
  if (type === ChunkType.uncompressed) return length < 4 ? undefined : { encoded, decoded: length - 4 };
  if (type !== ChunkType.compressed) return { encoded, decoded: undefined };
  let decoded = 0;
  for (let byte = 8, scale = 1; byte < head.length; byte++, scale *= 128) {
    const value = head[byte] as number;
    decoded += (value & 127) * scale;
    if (value < 128) return { encoded, decoded };
  }
  return undefined;
}
