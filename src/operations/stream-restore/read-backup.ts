import { createHash } from "node:crypto";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RelightError } from "../../errors.ts";
import { archiveNames, backupJsonName, parseBackupJson } from "../../formats/directory/backup-json.ts";
import { type Manifest, manifestName, parseManifest } from "../../formats/directory/manifest.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { fileSystemError, findReplaced } from "../files/staged-directory.ts";

/** One stream's backup as it lies on disk; nothing is proven about it yet. */
export interface StoredStream {
  readonly stream: string;
  /** Where it lies, as it was given. */
  readonly path: string;
  readonly archive: string;
  readonly archiveBytes: number;
  /** `tgz` is the data of the older CLI's layout, a gzip tar; its configuration is inside. */
  readonly container: "s2" | "tgz";
  /** Undefined for a `tgz` until it is opened, and for an archive that lies by itself: a v1 archive has it inside. */
  readonly config: StreamConfig | undefined;
  readonly manifest: Manifest | undefined;
  /** The stream's state, as `backup.json` has it. */
  readonly state?: { readonly [key: string]: unknown };
  /**
   * It is what could be read of a damaged one, and somebody was told what is lost: that messages are missing is no reason to
   * leave the others.
   */
  readonly salvaged?: boolean;
  /** RFC 3339; for an archive that does not say it, and has no manifest. */
  readonly created?: string;
}

export interface ReadBackupOptions {
  /** Take an archive of another size than its manifest says: what can be read of it is to be found out. */
  readonly damaged?: boolean;
}

/**
 * Reads what a path holds: one stream's directory, a directory of those, a single `.tgz`, or an archive by itself.
 * Throws BACKUP_NOT_FOUND, BACKUP_INVALID, FILE_SYSTEM.
 */
export async function readBackup(path: string, options: ReadBackupOptions = {}): Promise<readonly StoredStream[]> {
  let info: Awaited<ReturnType<typeof stat>>;
  try {
    info = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileSystemError(`cannot read ${path}`, error);
    const replaced = await findReplaced(path);
    throw new RelightError("BACKUP_NOT_FOUND", `${path} does not exist`, {
      cause: error,
      context: { path },
      ...(replaced
        ? { hint: `A backup was killed while it replaced the one that was there: that is ${replaced}` }
        : {}),
    });
  }
  if (info.isFile()) return [await readSingleFile(path, info.size, options)];
  const names = await readdir(path);
  if (names.includes(backupJsonName)) return [await readStreamDirectory(path, names, options)];
  const { streams, failures } = await readAccountBackup(path, options);
  const [failure] = failures;
  if (failure) throw failure.error;
  return streams;
}

export interface AccountBackupContent {
  readonly streams: readonly StoredStream[];
  /** Directories that hold part of a backup, or a damaged one. */
  readonly failures: readonly { readonly path: string; readonly error: RelightError }[];
}

/** Reads a directory of stream backups; one that is unusable does not hide the others. Throws BACKUP_NOT_FOUND. */
export async function readAccountBackup(path: string, options: ReadBackupOptions = {}): Promise<AccountBackupContent> {
  let names: string[];
  try {
    names = (await readdir(path)).sort();
  } catch (error) {
    throw new RelightError("BACKUP_NOT_FOUND", `${path} is not a directory that can be read`, { cause: error });
  }
  if (names.includes(backupJsonName))
    return { streams: [await readStreamDirectory(path, names, options)], failures: [] };
  const streams: StoredStream[] = [];
  const failures: { path: string; error: RelightError }[] = [];
  for (const name of names) {
    if (name.startsWith(".")) continue;
    const child = join(path, name);
    if (!(await stat(child)).isDirectory()) continue;
    const inside = await readdir(child);
    try {
      if (inside.includes(backupJsonName)) streams.push(await readStreamDirectory(child, inside, options));
      else if (inside.some((file) => (archiveNames as readonly string[]).includes(file))) {
        throw new RelightError(
          "BACKUP_INVALID",
          `${child} holds an archive without ${backupJsonName}: it was never finished`,
          {
            context: { path: child },
            hint: "Move it out of the way to restore the others.",
          },
        );
      }
    } catch (error) {
      if (!(error instanceof RelightError)) throw error;
      failures.push({ path: child, error });
    }
  }
  if (streams.length === 0 && failures.length === 0) {
    const configLayout = names.some((name) => /^stream_.*\.json$/.test(name));
    throw new RelightError("BACKUP_NOT_FOUND", `${path} holds no stream backup`, {
      context: { path },
      ...(configLayout ? { hint: `This is the configuration layout: use relight account restore ${path}` } : {}),
    });
  }
  return { streams, failures };
}

async function readStreamDirectory(
  path: string,
  names: readonly string[],
  options: ReadBackupOptions,
): Promise<StoredStream> {
  const found = archiveNames.filter((name) => names.includes(name));
  const [name] = found;
  if (name === undefined) {
    throw new RelightError("BACKUP_INVALID", `${path} holds ${backupJsonName} but no archive`, { context: { path } });
  }
  if (found.length > 1) {
    throw new RelightError("BACKUP_INVALID", `${path} holds two archives: ${found.join(" and ")}`, {
      context: { path },
      hint: `Remove the one that does not belong to ${backupJsonName}.`,
    });
  }
  const jsonPath = join(path, backupJsonName);
  const json = await readFile(jsonPath, "utf8");
  const { config, state } = parseBackupJson(json, jsonPath);
  const manifestPath = join(path, manifestName);
  const manifest = names.includes(manifestName)
    ? parseManifest(await readFile(manifestPath, "utf8"), manifestPath)
    : undefined;
  if (manifest && (manifest.stream !== config.name || manifest.archive.name !== name)) {
    throw new RelightError("BACKUP_INVALID", `${manifestPath} describes another backup than ${backupJsonName}`, {
      context: { path },
    });
  }
  const described = manifest?.files.find((file) => file.name === backupJsonName);
  if (described && described.sha256 !== createHash("sha256").update(json).digest("hex")) {
    throw new RelightError("BACKUP_INVALID", `${jsonPath} is not what it was when the backup was made`, {
      context: { path: jsonPath },
      hint:
        "To restore with another configuration pass --config, --replicas or --tag. " +
        `If it was edited on purpose, move ${manifestName} away; the archive is proven anew then.`,
    });
  }
  const archive = join(path, name);
  const { size } = await stat(archive);
  if (manifest && manifest.archive.bytes !== size && !options.damaged) {
    throw new RelightError(
      "ARCHIVE_DAMAGED",
      `${archive} has ${size} bytes, and had ${manifest.archive.bytes} when it was proven`,
      { context: { path: archive } },
    );
  }
  return {
    stream: config.name,
    path,
    archive,
    archiveBytes: size,
    container: "s2",
    config: config as StreamConfig,
    manifest,
    state,
  };
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);
/** The identifier that S2 streams begin with: its type, and its length of 6. */
const s2Magic = Buffer.from([0xff, 0x06]);

/** An archive that lies in its backup's directory is read with what describes it there. */
async function readSingleFile(path: string, size: number, options: ReadBackupOptions): Promise<StoredStream> {
  const file = await open(path, "r");
  const head = Buffer.alloc(2);
  try {
    await file.read(head, 0, 2, 0);
  } finally {
    await file.close();
  }
  if (head.equals(s2Magic)) {
    const beside = await readdir(dirname(path));
    const isArchive = (archiveNames as readonly string[]).includes(basename(path));
    if (isArchive && beside.includes(backupJsonName)) return readStreamDirectory(dirname(path), beside, options);
    return {
      ...{ stream: "", path, archive: path, archiveBytes: size },
      ...{ container: "s2", config: undefined, manifest: undefined },
    };
  }
  if (!head.equals(gzipMagic)) {
    throw new RelightError("BACKUP_NOT_FOUND", `${path} is neither an archive of a stream nor a .tgz of one`, {
      context: { path },
    });
  }
  const stream = /^stream_(.+)\.tgz$/.exec(basename(path))?.[1] ?? "";
  return { stream, path, archive: path, archiveBytes: size, container: "tgz", config: undefined, manifest: undefined };
}
