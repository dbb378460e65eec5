import { RelightError } from "../errors.ts";
import type { ReadBackupOptions, StoredStream } from "../operations/stream-restore/read-backup.ts";

/** The one stream that a path holds. Throws USAGE where there are several, and what {@link readBackup} throws. */
export async function readOneBackup(path: string, options: ReadBackupOptions = {}): Promise<StoredStream> {
  const { readBackup } = await import("../operations/stream-restore/read-backup.ts");
  const [first, ...others] = await readBackup(path, options);
  if (first && others.length === 0) return first;
  const names = [first, ...others].map((stored) => stored?.stream).join(", ");
  throw new RelightError("USAGE", `${path} holds the backups of several streams: ${names}`, {
    hint: "Give the directory of one of them.",
  });
}
