import { RelightError } from "../../errors.ts";
import { Misforeseen } from "../../formats/edit/run-edit.ts";
import { WorkerPool } from "../workers/worker-pool.ts";
import { type EditAnswer, EditCounter, type EditOrder } from "./edit-protocol.ts";
import { PackInWorker } from "./pack-in-worker.ts";

const pool = new WorkerPool<EditOrder, EditAnswer>(import.meta.url, "./edit-worker", {
  resourceLimits: { maxYoungGenerationSizeMb: 16 },
});

/** Bytes, before compression, from which on another thread for that gains more than it takes to start. */
const muchBytes = 16 * 1024 * 1024;

/** Gets a worker ready for an edit that will be started soon. */
export function prepareEdit(): void {
  pool.warm();
}

export type Done = Extract<EditAnswer, { kind: "done" }>;

export interface EditWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called a hundred times a second with what was read so far, in all passes. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** Called as often with what is in the new file so far, once that can be read along. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
  /** The new file will be large: what compresses it is got ready at once. */
  readonly large?: boolean;
}

/** Edits an archive in a worker. Throws {@link Misforeseen}, ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED. */
export async function editInWorker(
  order: Omit<EditOrder, "counters" | "pipe">,
  { signal, onRead, onWritten, large = false }: EditWatch,
): Promise<Done> {
  const counters = new SharedArrayBuffer(EditCounter.size * 4);
  const shared = new Int32Array(counters);
  const cancel = (): void => void Atomics.store(shared, EditCounter.cancelled, 1);
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted) cancel();
  const { out } = order;
  const pack = new PackInWorker({ path: out ?? "", counters });
  // Not of v1: its larger blocks take longer to hand over, and a second thread reads them back meanwhile anyway. Obfuscated
  // payloads are zeros, which are compressed faster than they are handed over.
  const worthwhile = out !== undefined && order.format === "v2" && order.keys === undefined;
  const ticker = setInterval(() => {
    onRead?.(Atomics.load(shared, EditCounter.readKiB) * 1024);
    if (Atomics.load(shared, EditCounter.readable) === 1)
      onWritten?.(Atomics.load(shared, EditCounter.writtenKiB) * 1024);
    if (worthwhile && Atomics.load(shared, EditCounter.madeKiB) * 1024 > muchBytes) pack.start();
  }, 10);
  try {
    const answer = await new Promise<EditAnswer>((resolve, reject) => {
      const lease = pool.lease();
      lease.onMessage = (message) => {
        lease.release();
        resolve(message);
      };
      lease.onFailure = (error) => {
        pack.break();
        reject(new RelightError("INTERNAL", `${order.path}: ${error}`, { cause: error }));
      };
      lease.send({ ...order, counters, pipe: pack.pipe });
      if (worthwhile && large) pack.start();
    }).finally(() => clearInterval(ticker));
    // Its own reason is why the edit failed as well.
    await pack.left();
    if (answer.kind === "done") return answer;
    if (answer.kind === "again") throw new Misforeseen();
    throw new RelightError(
      answer.code,
      answer.code === "FILE_SYSTEM" ? answer.message : `${order.path}: ${answer.message}`,
      {
        context: { path: order.path, ...answer.context },
      },
    );
  } finally {
    clearInterval(ticker);
    signal?.removeEventListener("abort", cancel);
  }
}
