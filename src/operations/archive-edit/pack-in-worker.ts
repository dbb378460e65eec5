import { RelightError } from "../../errors.ts";
import { breakPipe, createPipe, type SharedPipe } from "../workers/shared-pipe.ts";
import { WorkerPool } from "../workers/worker-pool.ts";
import type { PackAnswer, PackOrder } from "./pack-worker.ts";

const pool = new WorkerPool<PackOrder, PackAnswer>(import.meta.url, "./pack-worker", {
  resourceLimits: { maxYoungGenerationSizeMb: 8 },
});

/** A worker that compresses what an edit writes: started when that is known to be much, or never. */
export class PackInWorker {
  readonly pipe: SharedPipe = createPipe();
  readonly #order: Omit<PackOrder, "pipe">;
  #answer: Promise<PackAnswer> | undefined;

  constructor(order: Omit<PackOrder, "pipe">) {
    this.#order = order;
  }

  /** Starts it, once. */
  start(): void {
    this.#answer ??= new Promise((resolve) => {
      const lease = pool.lease();
      lease.onMessage = (answer) => {
        lease.release();
        resolve(answer);
      };
      lease.onFailure = (error) => {
        breakPipe(this.pipe);
        resolve({ kind: "error", code: "INTERNAL", message: String(error) });
      };
      lease.send({ ...this.#order, pipe: this.pipe });
    });
  }

  /** Waits until it no longer works on the file. Throws FILE_SYSTEM where it could not write. */
  async left(): Promise<void> {
    const answer = await this.#answer;
    if (answer?.kind === "error") throw new RelightError(answer.code, answer.message);
  }

  /** The edit's worker broke down. */
  break(): void {
    breakPipe(this.pipe);
  }
}
