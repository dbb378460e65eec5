import { createHash } from "node:crypto";
import type { EntryBatch, RecordBatch } from "../formats/archive/archive-sink.ts";
import { V1Evidence } from "../formats/archive/v1-evidence.ts";
import { V2Evidence } from "../formats/archive/v2-evidence.ts";

/** Collects what the inspector collects, and a hash of the content of every record: sequence, time, subject, headers, payload. */
export class V1Content extends V1Evidence {
  readonly #hash = createHash("sha256");

  override records(batch: RecordBatch): void {
    super.records(batch);
    const { rows, kernels, count } = batch;
    for (let row = 0; row < count; row++) {
      const at = rows.offset[row] as number;
      const lengths = [rows.subjectLength, rows.headerLength, rows.payloadLength].map(
        (column) => column[row] as number,
      );
      const size = lengths.reduce((sum, length) => sum + length, 0) + ((lengths[1] as number) > 0 ? 4 : 0);
      this.#hash.update(`${rows.sequence[row]} ${rows.timestamp[row]} ${rows.flags[row]} ${lengths.join(" ")}\n`);
      this.#hash.update(kernels.bytes.subarray(at + 22, at + 22 + size));
    }
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

/** The same for v2. */
export class V2Content extends V2Evidence {
  readonly #hash = createHash("sha256");

  override messages(batch: EntryBatch): void {
    super.messages(batch);
    const { rows, kernels, count } = batch;
    for (let row = 0; row < count; row++) {
      const at = rows.offset[row] as number;
      const lengths = [rows.nameLength, rows.headerLength, rows.payloadLength].map((column) => column[row] as number);
      this.#hash.update(`${rows.sequence[row]} ${rows.timestamp[row]} ${lengths.join(" ")}\n`);
      this.#hash.update(kernels.bytes.subarray(at, at + lengths.reduce((sum, length) => sum + length, 0)));
    }
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
