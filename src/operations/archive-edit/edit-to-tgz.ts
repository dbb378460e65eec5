import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RelightError } from "../../errors.ts";
import { archiveName } from "../../formats/directory/backup-json.ts";
import { packTgz } from "../account-backup/pack-tgz.ts";
import { fileSystemError, syncDirectory } from "../files/staged-directory.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { type EditOptions, type EditResult, editArchive } from "./edit-archive.ts";

/**
 * As {@link editArchive}, but makes the one file of the older CLI's data: a gzip tar that can be unpacked into the directory
 * of a stream. Throws the same.
 */
export async function editToTgz(
  source: StoredStream,
  options: EditOptions & { readonly target: string },
): Promise<EditResult> {
  const target = resolve(options.target);
  if (!options.force && (await stat(target).catch(() => undefined))) {
    throw new RelightError("BACKUP_EXISTS", `${options.target} exists already`, { context: { path: target } });
  }
  let work: string;
  try {
    work = await mkdtemp(join(dirname(target), ".relight-tgz-"));
  } catch (error) {
    throw fileSystemError(`cannot create a directory beside ${options.target}`, error);
  }
  try {
    const result = await editArchive(source, { ...options, format: "v1", target: join(work, "v1") });
    const packed = join(work, "stream.tgz");
    await packTgz(join(work, "v1", archiveName("v1")), packed);
    await moveInto(packed, target);
    return { ...result, directory: target };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function moveInto(packed: string, target: string): Promise<void> {
  try {
    await rename(packed, target);
    await syncDirectory(dirname(target));
  } catch (error) {
    throw fileSystemError(`cannot move the backup to ${target}`, error);
  }
}
