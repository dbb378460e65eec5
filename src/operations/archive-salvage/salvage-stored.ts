import { closeSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArchiveInspector, type ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { archiveName } from "../../formats/directory/backup-json.ts";
import { ArchiveSalvage } from "../../formats/salvage/archive-salvage.ts";
import type { SalvageKnowledge, SalvageReport } from "../../formats/salvage/salvage-report.ts";
import { readAhead } from "../files/read-in-turns.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import { type OpenedArchive, openArchive } from "../stream-restore/open-archive.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";

/** What can still be read of an archive, and what cannot. */
export interface Readable {
  readonly salvage: SalvageReport;
  /** Of an archive with nothing in it but what can be read. */
  readonly report: ArchiveReport;
}

export interface SalvagedArchive extends OpenedArchive {
  readonly salvage: SalvageReport;
}

/**
 * Reads all of a damaged archive that can be read, and keeps nothing of it. Throws ARCHIVE_DAMAGED where nothing tells what
 * stream it is of, FILE_SYSTEM, CANCELLED.
 */
export async function whatIsReadable(stored: StoredStream, signal?: AbortSignal): Promise<Readable> {
  const inspector = new ArchiveInspector();
  const salvage = await run(stored, (piece) => inspector.push(piece), signal);
  return { salvage, report: inspector.end() };
}

/**
 * Makes a backup ready to be read of which a part cannot be: a copy in the temporary directory that holds the rest. Nothing of
 * its manifest is believed. Throws what {@link whatIsReadable} throws.
 */
export async function openSalvaged(source: StoredStream, signal?: AbortSignal): Promise<SalvagedArchive> {
  await using opened = await openArchive(source);
  const { stored } = opened;
  const directory = await mkdtemp(join(tmpdir(), "relight-salvage-"));
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const working = join(directory, "salvaged");
    const salvage = await toFile(working, (write) => run(stored, write, signal));
    return {
      stored: {
        ...stored,
        archive: working,
        archiveBytes: (await stat(working)).size,
        manifest: undefined,
        salvaged: true,
        ...(stored.manifest?.created ? { created: stored.manifest.created } : {}),
      },
      salvage,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function run(
  stored: StoredStream,
  write: (piece: Uint8Array) => void,
  signal: AbortSignal | undefined,
): Promise<SalvageReport> {
  const salvage = new ArchiveSalvage(knowledgeOf(stored), write);
  for await (const piece of readAhead(stored.archive, 1024 * 1024)) {
    signal?.throwIfAborted();
    salvage.push(piece);
  }
  return salvage.end();
}

/** What lies beside the archive. */
function knowledgeOf({ archive, config, manifest, state }: StoredStream): SalvageKnowledge {
  const count = (value: unknown): number | undefined =>
    Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
  const { firstSequence, lastSequence, streamLastSequence } = manifest?.content ?? {};
  return {
    format: manifest?.archive.format ?? (archive.endsWith(archiveName("v2")) ? "v2" : "v1"),
    config: config as SalvageKnowledge["config"],
    created: manifest?.created,
    firstSequence: count(firstSequence) ?? count(state?.first_seq),
    lastSequence: count(streamLastSequence) ?? count(lastSequence) ?? count(state?.last_seq),
  };
}

async function toFile<Result>(
  path: string,
  work: (write: (piece: Uint8Array) => void) => Promise<Result>,
): Promise<Result> {
  const guarded = <Value>(step: () => Value): Value => {
    try {
      return step();
    } catch (error) {
      throw fileSystemError(`cannot write ${path}`, error);
    }
  };
  const file = guarded(() => openSync(path, "wx", 0o600));
  try {
    return await work((piece) => {
      for (let at = 0; at < piece.length; ) at += guarded(() => writeSync(file, piece, at));
    });
  } finally {
    closeSync(file);
  }
}
