import { RelightError } from "../../errors.ts";
import { Kernels } from "../kernels/kernels.ts";
import { natsarcMagic } from "../natsarc/entry-head.ts";
import type { Parsing } from "../parsing.ts";
import { FrameSalvage } from "./frame-salvage.ts";
import { MendedArchive } from "./mended-archive.ts";
import { SalvageInput } from "./salvage-input.ts";
import type { SalvageKnowledge, SalvageReport } from "./salvage-report.ts";
import { salvageV1 } from "./salvage-v1.ts";
import { salvageV2 } from "./salvage-v2.ts";

/**
 * Reads a damaged archive of either format to its end, whatever lies between, and writes one that is whole of what can be
 * read: `write` receives it piece by piece, each valid only during the call. Memory is that of one block of the archive.
 *
 * What is written passes every check, and holds nothing whose own checksum is wrong; {@link end} says what is not in it.
 * docs/formats/salvage.md has the rules.
 */
export class ArchiveSalvage {
  readonly #input: SalvageInput;
  readonly #mended: MendedArchive;
  readonly #frames: FrameSalvage;
  readonly #parser: Parsing<SalvageReport>;
  readonly #knowledge: SalvageKnowledge;
  #report: SalvageReport | undefined;

  constructor(knowledge: SalvageKnowledge, write: (piece: Uint8Array) => void, kernels = Kernels.create()) {
    this.#knowledge = knowledge;
    this.#mended = new MendedArchive(kernels, write);
    this.#input = new SalvageInput(kernels);
    this.#frames = new FrameSalvage(this.#input, () => this.#advance());
    this.#parser = this.#parse();
  }

  /** Takes the next compressed bytes, however they are cut. They are not kept. */
  push(bytes: Uint8Array): void {
    this.#frames.push(bytes);
  }

  /** The input has ended. Throws ARCHIVE_DAMAGED where nothing tells what stream it is of. */
  end(): SalvageReport {
    this.#frames.end();
    this.#input.ended = true;
    this.#advance();
    if (!this.#report) throw new RelightError("INTERNAL", "the salvage of an archive did not end");
    return this.#report;
  }

  #advance(): void {
    if (this.#report) {
      // Behind the end of the archive nothing is looked for.
      this.#input.window.consume(this.#input.window.length);
      return;
    }
    const step = this.#parser.next();
    if (step.done) this.#report = step.value;
  }

  *#parse(): Parsing<SalvageReport> {
    const magic = (yield* this.#input.upTo(natsarcMagic.length)) === natsarcMagic.length;
    const begins = magic ? String.fromCharCode(...this.#input.window.slice(0, natsarcMagic.length)) : "";
    const isDamaged = this.#input.isSuspect(0, natsarcMagic.length);
    const format = isDamaged ? (this.#knowledge.format ?? "v1") : begins === natsarcMagic ? "v2" : "v1";
    const salvage = format === "v2" ? salvageV2 : salvageV1;
    return yield* salvage(this.#input, this.#mended, this.#knowledge);
  }
}
