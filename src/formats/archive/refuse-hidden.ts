import { RelightError } from "../../errors.ts";
import type { LiveReader } from "./live-reader.ts";

/**
 * Throws ARCHIVE_DAMAGED where a v2 archive that was read to its end holds fewer messages than it announced, and chunks that are
 * to be skipped: no server writes such chunks, so damage made one of a chunk of messages.
 */
export function refuseHidden(
  { format, skippedChunks }: Pick<LiveReader, "format" | "skippedChunks">,
  announced: number,
  found: number,
): void {
  if (format !== "v2" || skippedChunks === 0 || found >= announced) return;
  throw new RelightError(
    "ARCHIVE_DAMAGED",
    `${announced - found} messages are missing, and ${skippedChunks} chunks of data are of no known type`,
  );
}
