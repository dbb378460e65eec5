import { RelightError } from "../../errors.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";

/**
 * Throws ARCHIVE_DAMAGED where an archive that was read to its end holds another number of messages than when it was proven: one
 * that took its place can be whole as well.
 */
export function sameAsProven({ archive, manifest }: StoredStream, messages: number): void {
  if (!manifest || manifest.content.messages === messages) return;
  throw new RelightError(
    "ARCHIVE_DAMAGED",
    `${archive} holds ${messages} messages, and had ${manifest.content.messages} when it was proven`,
    { context: { path: archive } },
  );
}
