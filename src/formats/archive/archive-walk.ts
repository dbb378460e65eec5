import { isRelightError, RelightError } from "../../errors.ts";
import { Kernels } from "../kernels/kernels.ts";
import { natsarcMagic } from "../natsarc/entry-head.ts";
import { need, type Parsing } from "../parsing.ts";
import { S2Decoder } from "../s2/s2-decoder.ts";
import { Window } from "../window.ts";
import type { V1Sink, V2Sink } from "./archive-sink.ts";
import { WalkContext, type WalkOptions } from "./walk-context.ts";
import { walkV1 } from "./walk-v1.ts";
import { walkV2 } from "./walk-v2.ts";

/** Where the content of an archive goes, depending on its format, which its first decoded bytes tell. */
export interface ArchiveSinks {
  v1(): V1Sink;
  v2(): V2Sink;
}

/** Zero bytes behind the end of a tar that are not damage: what fills up GNU tar's records of 20 blocks. */
const maxTarPadding = 9 * 1024;

/**
 * Walks through an archive of either format while its compressed bytes arrive, and hands what is in it to a sink. Memory is
 * that of one window, whatever the archive holds. Everything that inspects, reads or converts archives stands on this.
 *
 * Throws ARCHIVE_DAMAGED (context: `entry`, `offset` in the decoded and `encodedOffset` in the compressed bytes) as soon as
 * damage is certain, and SNAPSHOT_INCOMPLETE. After that, every call throws the same error.
 */
export class ArchiveWalk {
  readonly #window: Window;
  readonly #decoder: S2Decoder;
  readonly #context: WalkContext;
  readonly #sinks: ArchiveSinks;
  readonly #parser: Parsing;
  #format: "v1" | "v2" | undefined;
  #v1: V1Sink | undefined;
  #complete = false;
  #trailingZeros = 0;
  #failure: unknown;

  constructor(sinks: ArchiveSinks, kernels = Kernels.create(), options: WalkOptions = {}) {
    this.#sinks = sinks;
    this.#window = new Window(kernels);
    this.#decoder = new S2Decoder(this.#window);
    this.#context = new WalkContext(this.#window, options);
    this.#parser = this.#parse();
  }

  /** Undefined until eight bytes were decoded. */
  get format(): "v1" | "v2" | undefined {
    return this.#format;
  }

  /** Compressed bytes taken so far. */
  get encodedBytes(): number {
    return this.#decoder.encodedBytes;
  }

  get decodedBytes(): number {
    return this.#window.consumedBytes + this.#window.length;
  }

  /**
   * Skippable S2 chunks met so far. No server writes any: one may be an index that another tool added, or a block of data
   * whose type was damaged.
   */
  get skippedChunks(): number {
    return this.#decoder.skippedChunks;
  }

  /** Decoded bytes that come next and that nobody wants to see: where a chunk holds no others, {@link pass} over it. */
  get unwanted(): number {
    return this.#window.unwanted;
  }

  /** Takes a chunk's `decoded` bytes, no more than are unwanted, as seen. Between whole chunks only. */
  pass(decoded: number): void {
    this.#guarded(() => {
      this.#window.pass(decoded);
      if (this.#parser.next().done) this.#complete = true;
    });
  }

  /** Takes the next compressed bytes, however they are cut. They are not kept. */
  push(bytes: Uint8Array): void {
    this.#guarded(() => {
      for (let at = 0; at < bytes.length; ) {
        at += this.#decoder.push(at === 0 ? bytes : bytes.subarray(at));
        this.#advance();
      }
    });
  }

  /** The input has ended. Throws ARCHIVE_DAMAGED when the archive has not. */
  end(): void {
    this.#guarded(() => {
      this.#decoder.end();
      this.#advance();
      if (!this.#complete) throw this.#context.damaged("the archive is cut off here", this.#window.length);
      if (this.#trailingZeros === 0) return;
      this.#v1?.problem({
        code: "trailing-zeros",
        severity: "note",
        count: this.#trailingZeros,
        message: `${this.#trailingZeros} zero bytes follow the end of the tar; servers from 2.12.6 to 2.14 fail to restore that`,
      });
    });
  }

  #advance(): void {
    if (this.#window.length === 0) return;
    if (!this.#complete && this.#parser.next().done) {
      this.#complete = true;
      this.#context.entry = undefined;
    }
    if (this.#complete && this.#window.length > 0) this.#trailing();
  }

  #trailing(): void {
    const rest = this.#window.slice(0, this.#window.length);
    this.#trailingZeros += rest.length;
    if (this.#format === "v2" || this.#trailingZeros > maxTarPadding || rest.some((byte) => byte !== 0)) {
      throw this.#context.damaged("there are bytes behind the end of the archive");
    }
    this.#window.consume(rest.length);
  }

  *#parse(): Parsing {
    yield* need(this.#window, natsarcMagic.length);
    const magic = String.fromCharCode(...this.#window.slice(0, natsarcMagic.length));
    if (magic === natsarcMagic) {
      this.#format = "v2";
      yield* walkV2(this.#context, this.#sinks.v2());
    } else {
      this.#format = "v1";
      this.#v1 = this.#sinks.v1();
      yield* walkV1(this.#context, this.#v1);
    }
  }

  #guarded(step: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      step();
    } catch (error) {
      this.#failure = this.#located(error);
      throw this.#failure;
    }
  }

  #located(error: unknown): unknown {
    if (!isRelightError(error, "ARCHIVE_DAMAGED") || error.context.encodedOffset !== undefined) return error;
    const context = { ...error.context, encodedOffset: this.encodedBytes };
    return new RelightError("ARCHIVE_DAMAGED", error.message, { context, cause: error.cause });
  }
}
