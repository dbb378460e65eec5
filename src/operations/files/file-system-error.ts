import { RelightError } from "../../errors.ts";

/** What a call of the file system threw, as an error that says what it was for. */
export function fileSystemError(what: string, error: unknown): RelightError {
  const reason = error instanceof Error ? error.message : String(error);
  const full = (error as NodeJS.ErrnoException)?.code === "ENOSPC";
  return new RelightError("FILE_SYSTEM", `${what}: ${reason}`, {
    cause: error,
    ...(full ? { hint: "The disk is full. Free some space or choose another directory." } : {}),
  });
}
