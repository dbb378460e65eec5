import { RelightError } from "../../errors.ts";
import { WorkerPool } from "../workers/worker-pool.ts";
import { type EditAnswer, EditCounter, type EditOrder } from "./edit-protocol.ts";

const pool = new WorkerPool<EditOrder, EditAnswer>(import.meta.url, "./edit-worker", {
  resourceLimits: { maxYoungGenerationSizeMb: 16 },
});

/** Gets a worker ready for an edit that will be started soon. */
export function prepareEdit(): void {
  pool.warm();
}

export type Done = Extract<EditAnswer, { kind: "done" }>;

export interface EditWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called twenty times a second with what was read so far, in all passes. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** Called as often with what is in the new file so far, once that exists. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/** Edits an archive in a worker. Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED. */
export async function editInWorker(
  order: Omit<EditOrder, "counters">,
  { signal, onRead, onWritten }: EditWatch,
): Promise<Done> {
  const counters = new SharedArrayBuffer(EditCounter.size * 4);
  const shared = new Int32Array(counters);
  const cancel = (): void => void Atomics.store(shared, EditCounter.cancelled, 1);
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted) cancel();
  const ticker = setInterval(() => {
    onRead?.(Atomics.load(shared, EditCounter.readKiB) * 1024);
    if (Atomics.load(shared, EditCounter.created) === 1)
      onWritten?.(Atomics.load(shared, EditCounter.writtenKiB) * 1024);
  }, 50);
  try {
    const answer = await new Promise<EditAnswer>((resolve, reject) => {
      const lease = pool.lease();
      lease.onMessage = (message) => {
        lease.release();
        resolve(message);
      };
      lease.onFailure = (error) => reject(new RelightError("INTERNAL", `${order.path}: ${error}`, { cause: error }));
      lease.send({ ...order, counters });
    });
    if (answer.kind === "done") return answer;
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
