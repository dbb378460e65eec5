import { RelightError } from "../../errors.ts";
import type { ArchiveProblem } from "./archive-report.ts";

/**
 * Throws ARCHIVE_DAMAGED where an archive whose checksums are all right lacks what it should hold: servers can skip a block
 * without any error. Who made a sound backup of it, or restored it, would hide that from everybody.
 */
export function refuseIncomplete(problems: readonly Pick<ArchiveProblem, "code" | "severity" | "message">[]): void {
  const fatal = problems.filter(({ severity }) => severity === "fatal");
  if (fatal.length === 0) return;
  throw new RelightError("ARCHIVE_DAMAGED", fatal.map(({ message }) => message).join("; "), {
    context: { problems: fatal.map(({ code }) => code) },
  });
}
