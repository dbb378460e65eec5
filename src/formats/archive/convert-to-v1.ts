import { RelightError } from "../../errors.ts";
import { Kernels } from "../kernels/kernels.ts";
import { parseRfc3339 } from "../rfc3339.ts";
import type { ArchivedConsumer } from "./archive-report.ts";
import { ArchiveWalk } from "./archive-walk.ts";
import { V1Writer, type V1WriterOptions } from "./v1-writer.ts";

export interface ConvertOptions extends V1WriterOptions {
  /** The stream's last sequence, where it is known to lie behind what `state.json` says. */
  readonly lastSequence?: number;
}

/**
 * Turns a v2 archive into a v1 archive while its bytes arrive: a server stores the blocks of v1 many times faster than the
 * messages of v2 one by one, and takes the creation time over with them.
 *
 * Throws ARCHIVE_DAMAGED, and BACKUP_INVALID for an archive that is v1 already.
 */
export class V1Converter {
  readonly #walk: ArchiveWalk;
  readonly #writer: V1Writer;
  readonly #consumers: ArchivedConsumer[] = [];
  readonly #options: ConvertOptions;
  #lastSequence = 0;
  #lastTime = 0n;

  /** `kernels`: for it alone. */
  constructor(options: ConvertOptions, kernels = Kernels.create()) {
    this.#options = options;
    this.#walk = new ArchiveWalk(
      {
        v1: () => {
          throw new RelightError("BACKUP_INVALID", "the archive is v1 already");
        },
        v2: () => ({
          state: (state) => {
            this.#lastSequence = state.last_seq;
            this.#lastTime = parseRfc3339(state.last_ts) ?? 0n;
          },
          consumer: (consumer) => void this.#consumers.push(consumer),
          messages: (batch) => this.#writer.messages(batch),
          problem: () => {},
        }),
      },
      kernels,
    );
    this.#writer = new V1Writer(kernels, options);
  }

  push(bytes: Uint8Array): void {
    this.#walk.push(bytes);
  }

  end(): void {
    this.#walk.end();
    this.#writer.end(Math.max(this.#lastSequence, this.#options.lastSequence ?? 0), this.#lastTime, this.#consumers);
  }
}
