import type { ArchiveReport } from "../../formats/archive/archive-report.ts";
import { type KnownMessages, withLimits } from "../../formats/edit/with-limits.ts";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { readFrom } from "../archive-edit/format-of.ts";
import type { StoredStream } from "./read-backup.ts";

/** What lies beside an archive and says of its messages. */
export function knownMessages({ manifest, state }: StoredStream): KnownMessages {
  if (manifest) return { messages: manifest.content.messages, first: manifest.content.firstSequence };
  const count = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  return { messages: count(state?.messages), first: count(state?.first_seq) };
}

/** The report of an archive, without what limits had removed where no index tells of it. Throws FILE_SYSTEM. */
export function limitedReport(stored: StoredStream, report: ArchiveReport): ArchiveReport {
  return withLimits(report, {
    read: (take) => readFrom(stored.archive, take),
    kernels: () => Kernels.create(),
    known: knownMessages(stored),
  });
}
