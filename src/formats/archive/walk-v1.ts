import { decodeBlockIndex } from "../filestore/block-index.ts";
import { checksumText, streamKey } from "../filestore/highway-keys.ts";
import { parseIndexDb } from "../filestore/index-db.ts";
import { decodeStreamMeta } from "../filestore/meta-inf.ts";
import { RecordRows } from "../kernels/kernels.ts";
import { type Parsing, skip } from "../parsing.ts";
import { endTarEntry, nextTarEntry, type TarEntry } from "../tar/tar-reader.ts";
import type { V1Sink } from "./archive-sink.ts";
import { ConsumerFiles } from "./consumer-files.ts";
import { decodeChecksum, snapshotError } from "./small-files.ts";
import { walkBlock } from "./walk-block.ts";
import type { WalkContext } from "./walk-context.ts";

/**
 * Reads a v1 archive, a tar of a filestore, from its first header to its two closing zero blocks, and verifies every checksum
 * in it. docs/formats/v1.md has the rules by number.
 *
 * Throws ARCHIVE_DAMAGED, and SNAPSHOT_INCOMPLETE when the server left its error in the archive.
 */
export function* walkV1(context: WalkContext, sink: V1Sink): Parsing {
  yield* new V1Walk(context, sink).run();
}

class V1Walk {
  readonly #context: WalkContext;
  readonly #sink: V1Sink;
  readonly #rows: RecordRows;
  readonly #consumers: ConsumerFiles;
  #stream: string | undefined;
  #metaHash: string | undefined;
  #metaSum: string | undefined;
  #hasIndex = false;

  constructor(context: WalkContext, sink: V1Sink) {
    this.#context = context;
    this.#sink = sink;
    this.#rows = new RecordRows(context.window.kernels);
    this.#consumers = new ConsumerFiles(context);
  }

  *run(): Parsing {
    const { window } = this.#context;
    for (;;) {
      this.#context.entry = undefined;
      const entry = yield* nextTarEntry(window);
      if (entry === undefined) break;
      this.#context.entry = entry.name;
      if (entry.type !== "0") throw this.#context.damaged(`an entry of the type "${entry.type}" is no file`);
      yield* this.#file(entry);
      yield* endTarEntry(window, entry);
    }
    if (this.#stream === undefined) throw this.#context.damaged("there is no meta.inf, so this is no stream");
    if (this.#metaSum === undefined) {
      this.#sink.problem({
        code: "missing-checksum",
        severity: "fatal",
        entry: "meta.sum",
        message: "meta.sum is missing: a server loses the stream at its next start",
      });
    }
    this.#consumers.end(this.#sink);
  }

  *#file(entry: TarEntry): Parsing {
    if (entry.name === "errors.txt") {
      throw yield* this.#context.description(entry.size, snapshotError);
    }
    if (entry.name === "meta.inf") return yield* this.#streamMeta(entry.size);
    const stream = this.#stream;
    if (stream === undefined) throw this.#context.damaged("the archive does not begin with meta.inf");
    if (entry.name === "meta.sum") {
      this.#metaSum = yield* this.#context.description(entry.size, decodeChecksum);
      if (this.#metaSum !== this.#metaHash) throw this.#context.damaged("the checksum of meta.inf is wrong");
      return;
    }
    const part = /^msgs\/([0-9]{1,10})\.(blk|idx|fss)$/.exec(entry.name);
    if (part) return yield* this.#blockFile(stream, Number(part[1]), part[2] as string, entry.size);
    if (entry.name === "msgs/index.db") return yield* this.#index(stream, entry);
    if (yield* this.#consumers.file(stream, entry)) return;
    this.#sink.problem({
      code: "unknown-entry",
      severity: "note",
      entry: entry.name,
      message: `${entry.name} is nothing that a stream's archive has; it was not read`,
    });
    yield* skip(this.#context.window, entry.size);
  }

  *#streamMeta(size: number): Parsing {
    if (this.#stream !== undefined) throw this.#context.damaged("there are two of it");
    const meta = yield* this.#context.description(size, (bytes) => {
      const decoded = decodeStreamMeta(bytes);
      const { kernels, start } = this.#context.window;
      kernels.setHighwayKey(streamKey(decoded.name));
      this.#metaHash = checksumText(kernels.highway64(start, size));
      return decoded;
    });
    this.#stream = meta.name;
    this.#sink.stream(meta);
  }

  *#blockFile(stream: string, block: number, kind: string, size: number): Parsing {
    if (kind === "blk" && !this.#context.readRecords) return yield* skip(this.#context.window, size);
    if (kind === "blk") return yield* walkBlock(this.#context, this.#sink, this.#rows, stream, block, size);
    // What `fss` holds, counts by subject, follows from the records.
    if (kind === "fss") return yield* skip(this.#context.window, size);
    this.#sink.blockIndex(block, yield* this.#context.description(size, decodeBlockIndex));
  }

  *#index(stream: string, entry: TarEntry): Parsing {
    if (this.#hasIndex) throw this.#context.damaged("there are two of it");
    this.#hasIndex = true;
    this.#sink.index(yield* parseIndexDb(this.#context.window, entry.name, entry.size, streamKey(stream)));
  }
}
