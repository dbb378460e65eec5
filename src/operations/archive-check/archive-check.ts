import { RelightError } from "../../errors.ts";
import type { ArchiveReport, InspectOptions } from "../../formats/archive/archive-inspector.ts";
import { WorkerPool } from "../workers/worker-pool.ts";
import { type CheckAnswer, type CheckShared, Flag, unpackReport } from "./check-protocol.ts";
import type { CheckOrder } from "./check-worker.ts";

const pool = new WorkerPool<CheckOrder, CheckAnswer>(import.meta.url, "./check-worker", {
  // The inspector's memory is WebAssembly's and typed arrays; a small young generation keeps the process small.
  resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
});

export interface CheckedArchive {
  readonly report: ArchiveReport;
  /** Of the file as it was read back, lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Checks an archive in a worker, from its file, while that file is still being written.
 *
 * The file is the buffer between the network and the check, so a slow check never holds back acknowledgements, memory
 * stays flat, and what is proven is what a restore will read.
 */
export class ArchiveCheck {
  readonly #counters: BigInt64Array;
  readonly #flags: Int32Array;
  readonly #answer: Promise<CheckAnswer>;
  #failed = false;

  private constructor(path: string, options: InspectOptions) {
    const shared: CheckShared = { counters: new SharedArrayBuffer(4 * 8), flags: new SharedArrayBuffer(2 * 4) };
    this.#counters = new BigInt64Array(shared.counters);
    this.#flags = new Int32Array(shared.flags);
    const lease = pool.lease();
    this.#answer = new Promise((resolve) => {
      lease.onMessage = (answer) => {
        lease.release();
        resolve(answer);
      };
      lease.onFailure = (error) => resolve({ kind: "error", code: "INTERNAL", message: String(error) });
    });
    lease.send({ path, shared, options });
    this.#answer.then((answer) => {
      this.#failed = answer.kind === "error";
    });
  }

  /** Gets a worker ready for a check that will be started soon. */
  static prepare(): void {
    pool.warm();
  }

  /** Starts the check. The file has to exist. */
  static start(path: string, options: InspectOptions = {}): ArchiveCheck {
    return new ArchiveCheck(path, options);
  }

  /** True once the check has found damage: no use in receiving the rest. */
  get failed(): boolean {
    return this.#failed;
  }

  get decodedBytes(): number {
    return Number(Atomics.load(this.#counters, 1));
  }

  /** Bytes of the file that the check has read. */
  get encodedBytes(): number {
    return Number(Atomics.load(this.#counters, 3));
  }

  get messages(): number {
    return Number(Atomics.load(this.#counters, 2));
  }

  /** Tells the worker that the file now holds `bytes` bytes in all. */
  available(bytes: number): void {
    Atomics.store(this.#counters, 0, BigInt(bytes));
    this.#tick();
  }

  /** The file is complete: waits for the verdict. Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE. */
  async finish(): Promise<CheckedArchive> {
    Atomics.store(this.#flags, Flag.state, Flag.ended);
    this.#tick();
    return this.#verdict();
  }

  /** Waits for the damage that `failed` told of, without waiting for the end of the file. */
  async #verdict(): Promise<CheckedArchive> {
    const answer = await this.#answer;
    switch (answer.kind) {
      case "report":
        return { report: unpackReport(answer.report), sha256: answer.sha256, bytes: answer.bytes };
      case "cancelled":
        throw new RelightError("CANCELLED", "the check of the archive was cancelled");
      case "error":
        throw new RelightError(answer.code, answer.message, {
          ...(answer.hint ? { hint: answer.hint } : {}),
          ...(answer.context ? { context: answer.context } : {}),
        });
    }
  }

  /** Ends the check without a verdict. */
  async cancel(): Promise<void> {
    Atomics.store(this.#flags, Flag.state, Flag.cancelled);
    this.#tick();
    await this.#answer;
  }

  #tick(): void {
    Atomics.add(this.#flags, Flag.ticks, 1);
    Atomics.notify(this.#flags, Flag.ticks);
  }
}
