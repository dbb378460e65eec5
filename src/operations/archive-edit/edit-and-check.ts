import { rm, stat } from "node:fs/promises";
import { Misforeseen } from "../../formats/edit/run-edit.ts";
import { ArchiveCheck, type CheckedArchive } from "../archive-check/archive-check.ts";
import { type Done, type EditWatch, editInWorker } from "./edit-in-worker.ts";
import type { EditOrder } from "./edit-protocol.ts";

/** Takes the index of a v1 archive at its word, which spares a pass over it; where it was wrong, all is done again without. */
export async function foreseeing<Order extends Omit<EditOrder, "counters" | "pipe" | "foresee">, Result>(
  order: Order,
  run: (order: Order & { readonly foresee: boolean }) => Promise<Result>,
): Promise<Result> {
  try {
    return await run({ ...order, foresee: order.from === "v1" && !order.salvaged });
  } catch (error) {
    if (!(error instanceof Misforeseen)) throw error;
  }
  if (order.out !== undefined) await rm(order.out, { force: true });
  return await run({ ...order, foresee: false });
}

/**
 * Has the new file read back and decoded to its end by another worker, while it is written. Where its beginning turned out to
 * be another than what was read, all of it is read again: the verdict is always about the file as it is in the end.
 */
export async function editAndCheck(
  order: Omit<EditOrder, "counters" | "pipe"> & { readonly out: string },
  watch: EditWatch,
): Promise<{ readonly done: Done; readonly checked: CheckedArchive }> {
  const { out, config } = order;
  let check: ArchiveCheck | undefined;
  const start = (): ArchiveCheck => ArchiveCheck.start(out, { streamName: config.name });
  const onWritten = (bytes: number): void => {
    check ??= start();
    check.available(bytes);
  };
  try {
    ArchiveCheck.prepare();
    const done = await editInWorker(order, { ...watch, onWritten });
    if (done.headReplaced) {
      await check?.cancel();
      check = undefined;
    }
    check ??= start();
    check.available((await stat(out)).size);
    return { done, checked: await check.finish() };
  } catch (error) {
    await check?.cancel();
    throw error;
  }
}
