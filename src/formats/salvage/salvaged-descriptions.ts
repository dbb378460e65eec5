import { RelightError } from "../../errors.ts";
import { MalformedBytes } from "../byte-reader.ts";
import { decodeConsumerState } from "../filestore/consumer-state.ts";
import { blockKey, checksumText, consumerKey, streamKey } from "../filestore/highway-keys.ts";
import { decodeConsumerMeta, decodeStreamMeta } from "../filestore/meta-inf.ts";
import type { Parsing } from "../parsing.ts";
import type { MendedArchive } from "./mended-archive.ts";
import type { SalvageInput } from "./salvage-input.ts";
import type { SalvageKnowledge } from "./salvage-report.ts";
import type { SalvagedFile } from "./salvage-tar.ts";

/** The most bytes of a description, as in a sound archive. */
const maxDescriptionBytes = 16 * 1024 * 1024;

interface Consumer {
  meta?: Uint8Array;
  sum?: string;
  state?: Uint8Array;
  stateIsBad?: boolean;
}

const encoder = new TextEncoder();

/** The stream's and the consumers' descriptions of a damaged v1 archive: each is taken over if its checksum is right. */
export class SalvagedDescriptions {
  readonly #input: SalvageInput;
  readonly #knowledge: SalvageKnowledge;
  readonly #consumers = new Map<string, Consumer>();
  #meta: Uint8Array | undefined;
  #sum: string | undefined;
  #stream: string | undefined;
  #scratch = { at: 0, bytes: 0 };

  constructor(input: SalvageInput, knowledge: SalvageKnowledge) {
    this.#input = input;
    this.#knowledge = knowledge;
  }

  /** Known once {@link begin} was called. */
  get stream(): string {
    if (this.#stream === undefined) throw new RelightError("INTERNAL", "the stream's name was asked for too early");
    return this.#stream;
  }

  useBlockKey(block: number): void {
    this.#input.window.kernels.setHighwayKey(blockKey(this.stream, block));
  }

  /** Takes a file if it is the stream's own description; says whether it is. */
  *streamFile(file: SalvagedFile): Parsing<boolean> {
    if (file.name === "meta.inf") this.#meta ??= yield* this.#bytes(file);
    else if (file.name === "meta.sum") this.#sum ??= textOf(yield* this.#bytes(file));
    else return false;
    return true;
  }

  /** Writes the stream's description: its own where that is sound, else what lies beside the archive. Once. */
  begin(mended: MendedArchive): void {
    if (this.#stream !== undefined) return;
    const own = this.#ownMeta();
    const { config, created = "1970-01-01T00:00:00Z" } = this.#knowledge;
    if (!own && !config) {
      throw new RelightError("ARCHIVE_DAMAGED", "meta.inf cannot be read, and nothing else tells the stream's name", {
        context: { entry: "meta.inf", offset: 0 },
      });
    }
    if (!own)
      this.#input.damage({
        what: "it cannot be read; the configuration beside the archive stands in",
        entry: "meta.inf",
      });
    const meta = own?.bytes ?? encoder.encode(JSON.stringify({ Created: created, ...config }));
    this.#stream = own?.name ?? (config?.name as string);
    mended.file("meta.inf", meta);
    mended.file("meta.sum", encoder.encode(this.#hash(streamKey(this.#stream), meta)));
  }

  #ownMeta(): { readonly name: string; readonly bytes: Uint8Array } | undefined {
    const bytes = this.#meta;
    if (!bytes) return undefined;
    try {
      const { name } = decodeStreamMeta(bytes);
      return this.#hash(streamKey(name), bytes) === this.#sum ? { name, bytes } : undefined;
    } catch (error) {
      if (error instanceof MalformedBytes) return undefined;
      throw error;
    }
  }

  /** Keeps a file if it is a consumer's. */
  *consumerFile(file: SalvagedFile): Parsing {
    const match = /^obs\/([^/]+)\/(meta\.inf|meta\.sum|o\.dat)$/.exec(file.name);
    if (!match) return;
    const name = match[1] as string;
    const files = this.#consumers.get(name) ?? {};
    this.#consumers.set(name, files);
    const offset = this.#input.window.consumedBytes;
    const bytes = yield* this.#bytes(file);
    if (match[2] === "o.dat") {
      // It has no checksum of its own.
      if (bytes && !this.#input.isSuspect(offset, file.size) && isState(bytes)) files.state ??= bytes;
      else files.stateIsBad = true;
    } else if (!bytes) return;
    else if (match[2] === "meta.inf") files.meta ??= bytes;
    else files.sum ??= textOf(bytes) ?? "";
  }

  /** Writes the consumers that can be read; returns what is to be said about the others. */
  *endConsumers(mended: MendedArchive): Generator<string> {
    for (const [name, { meta, sum, state, stateIsBad }] of this.#consumers) {
      if (!meta || !isConsumer(meta) || this.#hash(consumerKey(this.stream, name), meta) !== sum) {
        this.#input.damage({ what: "the consumer's description cannot be read", entry: `obs/${name}` });
        yield `consumer "${name}" is left out: its description cannot be read`;
        continue;
      }
      mended.file(`obs/${name}/meta.inf`, meta);
      mended.file(`obs/${name}/meta.sum`, encoder.encode(sum));
      if (state) mended.file(`obs/${name}/o.dat`, state);
      else if (stateIsBad)
        yield `consumer "${name}" has no position that can be read, and would begin by its deliver policy`;
    }
  }

  *#bytes(file: SalvagedFile): Parsing<Uint8Array | undefined> {
    if (file.size > maxDescriptionBytes) return undefined;
    const have = yield* this.#input.upTo(file.size);
    return have === file.size ? this.#input.window.slice(0, file.size).slice() : undefined;
  }

  #hash(key: Uint8Array, content: Uint8Array): string {
    const { kernels } = this.#input.window;
    if (content.length > this.#scratch.bytes) {
      this.#scratch = { at: kernels.allocate(2 * content.length), bytes: 2 * content.length };
    }
    kernels.bytes.set(content, this.#scratch.at);
    kernels.setHighwayKey(key);
    return checksumText(kernels.highway64(this.#scratch.at, content.length));
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

function isState(bytes: Uint8Array): boolean {
  return decodes(() => decodeConsumerState(bytes));
}

function isConsumer(bytes: Uint8Array): boolean {
  return decodes(() => decodeConsumerMeta(bytes));
}

function decodes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof MalformedBytes) return false;
    throw error;
  }
}
