import { ExitCode } from "../errors.ts";
import type { SalvageReport } from "../formats/salvage/salvage-report.ts";
import type { StoredStream } from "../operations/stream-restore/read-backup.ts";
import { isIncomplete } from "./output/salvage-lines.ts";
import { readOneBackup } from "./read-one-backup.ts";

/** A backup to be read, or what can be read of it. */
export interface OneBackup extends AsyncDisposable {
  readonly stored: StoredStream;
  /** What could not be read; undefined where it was not to be salvaged. */
  readonly salvage: SalvageReport | undefined;
  /** Of a command that succeeds with it. */
  readonly exitCode: ExitCode;
}

/** The one stream that a path holds; with `salvage` a copy of what can be read of it. Throws USAGE, and what reading throws. */
export async function openOneBackup(path: string, salvage: boolean, signal: AbortSignal): Promise<OneBackup> {
  const source = await readOneBackup(path, { damaged: salvage });
  if (!salvage) {
    return { stored: source, salvage: undefined, exitCode: ExitCode.ok, [Symbol.asyncDispose]: async () => {} };
  }
  const { openSalvaged } = await import("../operations/archive-salvage/salvage-stored.ts");
  const opened = await openSalvaged(source, signal);
  return { ...opened, exitCode: isIncomplete(opened.salvage) ? ExitCode.incomplete : ExitCode.ok };
}
