import { ArchiveInspector, type ArchiveReport } from "../formats/archive/archive-inspector.ts";
import { ArchiveSalvage } from "../formats/salvage/archive-salvage.ts";
import type { SalvageKnowledge, SalvageReport } from "../formats/salvage/salvage-report.ts";
import { join } from "./test-archive.ts";

/** What a salvage made of an archive's bytes. */
export interface SalvagedBytes {
  readonly salvage: SalvageReport;
  /** Of the archive that was written, which was read back as any other. */
  readonly report: ArchiveReport;
  readonly mended: Uint8Array;
}

/** Salvages an archive that is cut into pieces of `pieceBytes`. */
export function salvageBytes(
  archive: Uint8Array,
  knowledge: SalvageKnowledge = {},
  pieceBytes = 64 * 1024,
): SalvagedBytes {
  const pieces: Uint8Array[] = [];
  const salvaging = new ArchiveSalvage(knowledge, (piece) => void pieces.push(piece.slice()));
  for (let at = 0; at < archive.length; at += pieceBytes) salvaging.push(archive.subarray(at, at + pieceBytes));
  const salvage = salvaging.end();
  const mended = join(pieces);
  const inspector = new ArchiveInspector();
  inspector.push(mended);
  return { salvage, report: inspector.end(), mended };
}
