import { ByteWriter } from "../byte-writer.ts";
import { headerFields } from "../header-block.ts";
import { RowFlag } from "../kernels/kernels.ts";
import type { EntryBatch } from "./archive-sink.ts";

/** Where a stream stands in one of its sources. */
interface Progress {
  readonly origin: string;
  readonly sequence: number;
  /** Of the origin as it was then, by its creation time; "" where the server that copied the message did not note it. */
  readonly identity: string;
}

const utf8 = new TextEncoder();

/**
 * Collects from copied messages how far a stream has come in each of its sources, and writes it as `sources.db`, which
 * nats-server 2.15 believes instead of looking for itself. That server takes an origin whose creation time changed for another
 * stream, and copies all of it again; of origins that were restored together with the stream, where that is most often so, the
 * identity is therefore left open, and the stream goes on where it stood.
 *
 * Source: nats-server server/filestore.go (`writeSourcesState`), server/stream.go (`streamAndSeq`); docs/formats/v1.md.
 */
export class SourceProgress {
  readonly #restored: Readonly<Record<string, number>>;
  readonly #progress = new Map<string, Progress>();

  /** `restored`: the origins that hold again what they held, with the last sequence of each. */
  constructor(restored: Readonly<Record<string, number>>) {
    this.#restored = restored;
  }

  /** Takes messages in ascending sequence: the last one of each source counts. */
  messages({ kernels, rows, count }: EntryBatch): void {
    for (let row = 0; row < count; row++) {
      if (((rows.flags[row] as number) & RowFlag.headers) === 0) continue;
      const at = (rows.offset[row] as number) + (rows.nameLength[row] as number);
      const fields = headerFields(kernels.bytes.subarray(at, at + (rows.headerLength[row] as number)));
      const value = fields.find(({ name }) => name === "Nats-Stream-Source")?.value;
      if (value !== undefined) this.#note(value);
    }
  }

  /**
   * "origin sequence filter destination subject [identity]". Servers before 2.10 wrote less, and no identity: where that is the
   * last of a source, a server looks for it itself, as for every source that the file does not name.
   */
  #note(value: string): void {
    const [origin = "", sequence = "", filter, destination, , identity = ""] = value.split(" ");
    if (filter === undefined || destination === undefined || !/^\d+$/.test(sequence)) return;
    this.#progress.set(`${origin} ${filter} ${destination}`, { origin, sequence: Number(sequence), identity });
  }

  /** The file; undefined where it would say no more than a server finds. `lastSequence`: of the stream. */
  encode(lastSequence: number): Uint8Array | undefined {
    const entries = [...this.#progress];
    if (!entries.some(([, { origin }]) => Object.hasOwn(this.#restored, origin))) return undefined;
    const writer = new ByteWriter().u8(1).u64(BigInt(entries.length));
    // The sequence from which on a server has to look for itself.
    writer.u64(BigInt(lastSequence) + 1n);
    for (const [key, { origin, sequence, identity }] of entries) {
      const restored = Object.hasOwn(this.#restored, origin) ? this.#restored[origin] : undefined;
      const name = utf8.encode(key);
      writer.uvarint(name.length).bytes(name);
      // What the origin has lost against it comes anew under the same sequences.
      writer.uvarint(restored === undefined ? sequence : Math.min(sequence, restored));
      const known = utf8.encode(restored === undefined ? identity : "");
      writer.uvarint(known.length).bytes(known);
    }
    return writer.finish();
  }
}
