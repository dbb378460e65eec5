import { RelightError } from "../errors.ts";

/** Where in an archive something is. */
export interface ArchivePlace {
  /** Name of the entry: a path in a tar, a name in a NATSARC1 archive. */
  readonly entry?: string;
  /** In the decoded bytes of the whole archive. */
  readonly offset: number;
}

/** The error for damage in an archive: `<entry>: <what>, at offset <decoded offset>`. */
export function damaged(what: string, place: ArchivePlace, cause?: unknown): RelightError {
  const prefix = place.entry === undefined ? "" : `${place.entry}: `;
  return new RelightError("ARCHIVE_DAMAGED", `${prefix}${what}, at offset ${place.offset} of the decoded archive`, {
    context: { ...place },
    ...(cause === undefined ? {} : { cause }),
  });
}
