import { isRelightError, RelightError } from "../../errors.ts";
import { liveByIndex } from "../archive/live-by-index.ts";
import { MalformedBytes } from "../byte-reader.ts";
import { decodeBlockIndex } from "../filestore/block-index.ts";
import { streamKey } from "../filestore/highway-keys.ts";
import { type IndexDb, parseIndexDb } from "../filestore/index-db.ts";
import { RecordRows, RowFlag } from "../kernels/kernels.ts";
import type { Parsing } from "../parsing.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import { LostSequences } from "./lost-sequences.ts";
import type { MendedArchive } from "./mended-archive.ts";
import { maxHeldBytes, type SalvageInput } from "./salvage-input.ts";
import { type SalvagedRecords, salvageRecords } from "./salvage-records.ts";
import type { SalvageKnowledge, SalvageReport } from "./salvage-report.ts";
import { nextSalvagedFile, type SalvagedFile } from "./salvage-tar.ts";
import { SalvagedDescriptions } from "./salvaged-descriptions.ts";

/**
 * Reads a damaged v1 archive and writes one that is whole, of what can be read: every record whose checksum is right, the
 * index if its own is, the consumers whose descriptions are. Throws ARCHIVE_DAMAGED where nothing tells the stream's name.
 */
export function* salvageV1(
  input: SalvageInput,
  mended: MendedArchive,
  knowledge: SalvageKnowledge,
): Parsing<SalvageReport> {
  return yield* new V1Salvage(input, mended, knowledge).run();
}

class V1Salvage {
  readonly #input: SalvageInput;
  readonly #mended: MendedArchive;
  readonly #knowledge: SalvageKnowledge;
  readonly #rows: RecordRows;
  readonly #descriptions: SalvagedDescriptions;
  readonly #lost = new LostSequences();
  readonly #notes: string[] = [];
  /** First and last message that lie in blocks with a wrong checksum of the compression. */
  #unsure: [first: number, last: number] | undefined;
  #index: IndexDb | undefined;
  #indexIsBad = false;
  #byBlockIndexes: SequenceRanges | undefined;
  #indexedUpTo = 0;
  #lastBlock = 0;
  #indexFirst = false;

  constructor(input: SalvageInput, mended: MendedArchive, knowledge: SalvageKnowledge) {
    this.#input = input;
    this.#mended = mended;
    this.#knowledge = knowledge;
    this.#rows = new RecordRows(input.window.kernels);
    this.#descriptions = new SalvagedDescriptions(input, knowledge);
  }

  *run(): Parsing<SalvageReport> {
    for (;;) {
      const file = yield* nextSalvagedFile(this.#input, () => this.#lost.damage());
      if (file === "end") break;
      if (file === "cut") {
        this.#lost.damage();
        this.#input.damage({ what: "the archive is cut off here", offset: this.#input.window.consumedBytes });
        break;
      }
      const begin = this.#input.window.consumedBytes;
      yield* this.#file(file);
      yield* this.#input.pass(begin + file.size + file.padding - this.#input.window.consumedBytes);
    }
    return this.#end();
  }

  *#file(file: SalvagedFile): Parsing {
    if (yield* this.#descriptions.streamFile(file)) return;
    if (file.name === "errors.txt") {
      this.#lost.damage();
      const bytes = yield* this.#whole(file, 4096);
      const text = new TextDecoder().decode(bytes).trim();
      return this.#input.damage({
        what: `the server gave up in the middle of the snapshot: ${text}`,
        entry: file.name,
      });
    }
    this.#descriptions.begin(this.#mended);
    const part = /^msgs\/([0-9]{1,10})\.(blk|idx)$/.exec(file.name);
    if (part) return yield* part[2] === "blk" ? this.#block(file, Number(part[1])) : this.#blockIndex(file);
    if (file.name === "msgs/index.db") return yield* this.#indexDb(file);
    yield* this.#descriptions.consumerFile(file);
  }

  *#block(file: SalvagedFile, block: number): Parsing {
    const pieces: Uint8Array[] = [];
    const stream = this.#descriptions.stream;
    this.#lastBlock = Math.max(this.#lastBlock, block);
    yield* salvageRecords(
      this.#input,
      this.#rows,
      { stream, block, size: file.size },
      {
        records: (records) => {
          this.#note(records);
          pieces.push(records.bytes.slice());
        },
        lost: (bytes, at, what) => {
          this.#lost.damage();
          const offset = this.#input.window.consumedBytes;
          this.#input.damage({ what: `${what}, at ${at} of the block`, entry: file.name, offset, bytes });
        },
      },
    );
    if (pieces.length > 0) this.#mended.fileOf(file.name, pieces);
  }

  #note({ kernels, rows, count, offset, bytes }: SalvagedRecords): void {
    const suspicious = this.#input.isSuspect(offset, bytes.length);
    const start = this.#input.window.start;
    for (let row = 0; row < count; row++) {
      const flags = rows.flags[row] as number;
      const sequence = rows.sequence[row] as number;
      if ((flags & RowFlag.tombstone) !== 0) {
        this.#lost.tombstones.add(sequence);
        continue;
      }
      const isMessage = (flags & RowFlag.erased) === 0 && sequence > 0;
      this.#lost.read(sequence, rows.timestamp[row] as bigint, isMessage);
      if (!suspicious || !isMessage || (flags & RowFlag.headers) !== 0) continue;
      const at = rows.offset[row] as number;
      const length = kernels.view.getUint32(at, true) & 0x7fffffff;
      if (this.#input.isSuspect(offset + at - start, length)) this.#unsure = [this.#unsure?.[0] ?? sequence, sequence];
    }
  }

  *#blockIndex(file: SalvagedFile): Parsing {
    const { offset, bytes } = yield* this.#content(file);
    try {
      // It has no checksum of its own.
      if (!bytes || this.#input.isSuspect(offset, file.size)) throw new MalformedBytes("it may be wrong");
      const { live, lastSequence } = decodeBlockIndex(bytes);
      const known = this.#byBlockIndexes ?? new SequenceRanges();
      if (known.runs > 0 && live.runs > 0 && live.first <= known.last) throw new MalformedBytes("it overlaps others");
      for (const [first, last] of live) known.appendRun(first, last);
      this.#byBlockIndexes = known;
      this.#indexedUpTo = Math.max(this.#indexedUpTo, lastSequence);
      this.#mended.file(file.name, bytes);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.#badIndex(file, offset, error.message);
    }
  }

  *#indexDb(file: SalvagedFile): Parsing {
    const offset = this.#input.window.consumedBytes;
    if (this.#index || file.size > maxHeldBytes) return this.#badIndex(file, offset, "it is too large, or there twice");
    if ((yield* this.#input.upTo(file.size)) < file.size) return this.#badIndex(file, offset, "it is cut off");
    const bytes = this.#input.window.slice(0, file.size).slice();
    try {
      const key = streamKey(this.#descriptions.stream);
      this.#index = yield* parseIndexDb(this.#input.window, file.name, file.size, key);
      this.#indexedUpTo = this.#index.lastSequence;
      this.#indexFirst = this.#lastBlock === 0;
      this.#mended.file(file.name, bytes);
    } catch (error) {
      if (!isRelightError(error, "ARCHIVE_DAMAGED")) throw error;
      this.#badIndex(file, offset, "its checksum or its content is wrong");
    }
  }

  #badIndex(file: SalvagedFile, offset: number, why: string): void {
    this.#indexIsBad = true;
    this.#input.damage({ what: `the index cannot be used: ${why}`, entry: file.name, offset });
  }

  *#whole(file: SalvagedFile, limit: number): Parsing<Uint8Array> {
    const have = yield* this.#input.upTo(Math.min(file.size, limit));
    return this.#input.window.slice(0, have);
  }

  *#content(file: SalvagedFile): Parsing<{ readonly offset: number; readonly bytes: Uint8Array | undefined }> {
    const offset = this.#input.window.consumedBytes;
    const bytes = yield* this.#whole(file, maxHeldBytes);
    return { offset, bytes: bytes.length === file.size ? bytes.slice() : undefined };
  }

  #end(): SalvageReport {
    this.#descriptions.begin(this.#mended);
    const known = this.#knowledge;
    const seen = Math.max(this.#lost.last, this.#indexedUpTo, this.#lost.tombstones.build().last);
    if (!this.#lost.isOpen && (known.lastSequence ?? 0) > seen) {
      this.#lost.damage();
      const what = `it ends at sequence ${seen}, and the stream was at ${known.lastSequence} when its snapshot began`;
      this.#input.damage({ what });
    }
    const expected = this.#indexIsBad ? undefined : (this.#liveByIndex() ?? this.#byBlockIndexes);
    const lost = this.#lost.lost({
      expected,
      indexedUpTo: this.#indexedUpTo,
      indexFirst: this.#indexFirst,
      first: known.firstSequence,
      last: known.lastSequence,
    });
    if (lost.count > 0 && this.#input.damages.length === 0) {
      const what = "it lists messages that are in no block: the server skipped them while it copied";
      this.#input.damage({ what, entry: this.#index ? "msgs/index.db" : "msgs" });
    }
    const last = Math.max(this.#indexedUpTo, known.lastSequence ?? 0);
    if (last > this.#lost.last) this.#markLast(last);
    this.#notes.push(...this.#descriptions.endConsumers(this.#mended));
    this.#mended.endTar();
    if (this.#indexIsBad) {
      this.#notes.push("without its index only tombstones tell what was deleted: deleted messages may be back");
    }
    if (this.#unsure) {
      const [first, last] = this.#unsure;
      this.#notes.push(
        `messages from ${first} to ${last} lie where a checksum of the compression is wrong; their own checksums are right, ` +
          "which leave out where the subject ends and the payload begins",
      );
    }
    const openEnd = this.#lost.isOpen && last <= this.#lost.last;
    const { damages } = this.#input;
    return { format: "v1", damages, lost, lostIsExact: expected !== undefined, openEnd, notes: this.#notes };
  }

  #liveByIndex(): SequenceRanges | undefined {
    const { tombstones, erased } = this.#lost;
    return this.#index && liveByIndex(this.#index, { tombstones: tombstones.build(), erased: erased.build() });
  }

  /** A skipped sequence behind everything: so that no sequence is given a second time. */
  #markLast(last: number): void {
    const { kernels } = this.#input.window;
    const block = this.#lastBlock + 1;
    if (block > 9_999_999_999) throw new RelightError("ARCHIVE_DAMAGED", `there is no block behind ${this.#lastBlock}`);
    const at = kernels.allocate(64);
    this.#descriptions.useBlockKey(block);
    kernels.buildSkipped(at, last, this.#lost.lastTime);
    this.#mended.file(`msgs/${block}.blk`, kernels.bytes.slice(at, at + 30));
  }
}
