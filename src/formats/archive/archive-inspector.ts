import type { Kernels } from "../kernels/kernels.ts";
import type { ArchiveProblem, ArchiveReport, InspectOptions } from "./archive-report.ts";
import { ArchiveWalk } from "./archive-walk.ts";
import { checkConsumers } from "./check-consumers.ts";
import { fewOfEach } from "./few-of-each.ts";
import { judgeV1, type Verdict } from "./judge-v1.ts";
import { judgeV2 } from "./judge-v2.ts";
import { V1Evidence } from "./v1-evidence.ts";
import { V2Evidence } from "./v2-evidence.ts";

export type {
  ArchivedConsumer,
  ArchiveProblem,
  ArchiveReport,
  InspectOptions,
  LiveMessages,
  ProblemCode,
} from "./archive-report.ts";

/**
 * Decodes an archive of either format to its end while it arrives, verifies every checksum in it, and reports what it holds.
 *
 * Memory stays flat: one window of decoded bytes, and the set of live sequences as runs.
 */
export class ArchiveInspector {
  readonly #walk: ArchiveWalk;
  readonly #options: InspectOptions;
  #v1: V1Evidence | undefined;
  #v2: V2Evidence | undefined;

  /** `kernels`: for it alone. */
  constructor(options: InspectOptions = {}, kernels?: Kernels) {
    this.#options = options;
    const sinks = {
      v1: () => {
        this.#v1 = new V1Evidence(options);
        return this.#v1;
      },
      v2: () => {
        this.#v2 = new V2Evidence(options);
        return this.#v2;
      },
    };
    this.#walk = new ArchiveWalk(sinks, kernels, options);
  }

  get encodedBytes(): number {
    return this.#walk.encodedBytes;
  }

  get decodedBytes(): number {
    return this.#walk.decodedBytes;
  }

  /** Messages seen so far, dead ones of a v1 archive included: for progress. */
  get messages(): number {
    return this.#v1?.stored.count ?? this.#v2?.live.count ?? 0;
  }

  /**
   * Takes the next compressed bytes, however they are cut. Throws ARCHIVE_DAMAGED (context: `entry`, `offset` in the decoded
   * and `encodedOffset` in the compressed bytes) as soon as damage is certain, and SNAPSHOT_INCOMPLETE when the server left
   * its error in the archive.
   */
  push(bytes: Uint8Array): void {
    this.#walk.push(bytes);
  }

  /** The input has ended. Throws ARCHIVE_DAMAGED when the archive has not. */
  end(): ArchiveReport {
    this.#walk.end();
    const verdict = this.#verdict();
    const { encodedBytes, decodedBytes } = this;
    const problems = fewOfEach([
      ...verdict.problems,
      ...checkConsumers(verdict.consumers, verdict.lastSequence),
      ...this.#wrongName(verdict),
      ...this.#skipped(verdict),
    ]);
    return { encodedBytes, decodedBytes, ...verdict, problems };
  }

  #verdict(): Verdict {
    if (this.#v2) return judgeV2(this.#v2);
    this.#v1 ??= new V1Evidence(this.#options);
    this.#v1.finish();
    return judgeV1(this.#v1, this.#options.reasons);
  }

  #wrongName({ stream }: Verdict): ArchiveProblem[] {
    const { streamName: wanted } = this.#options;
    if (wanted === undefined || stream === undefined || stream.name === wanted) return [];
    const message = `the archive is of the stream "${stream.name}", not of "${wanted}"`;
    return [{ code: "stream-name", severity: "fatal", entry: "meta.inf", message }];
  }

  /** In v1 a lost block of data shows elsewhere; in v2 it can hold exactly one message, and only the count tells. */
  #skipped({ format, problems }: Verdict): ArchiveProblem[] {
    const count = this.#walk.skippedChunks;
    if (count === 0) return [];
    const lost = format === "v2" && problems.some(({ code }) => code === "counts-differ");
    const message = `${count} chunks of the compressed data are of types that are to be skipped; no server writes any`;
    return [{ code: "skipped-chunks", severity: lost ? "fatal" : "note", message, count }];
  }
}
