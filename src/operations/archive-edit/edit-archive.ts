import { createHash, randomBytes } from "node:crypto";
import { readFile, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { RelightError } from "../../errors.ts";
import { stateAtStart } from "../../formats/archive/losses-at-start.ts";
import { isoTime } from "../../formats/directory/archive-facts.ts";
import { archiveName, backupJsonName, formatBackupJson } from "../../formats/directory/backup-json.ts";
import { formatManifest, type Manifest, manifestName } from "../../formats/directory/manifest.ts";
import type { EditReport } from "../../formats/edit/archive-edit.ts";
import { type KeyFile, keyFileHint, Obfuscator } from "../../formats/edit/obfuscator.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { fileSystemError, StagedDirectory, writeDurably } from "../files/staged-directory.ts";
import { knownMessages } from "../stream-restore/limited-report.ts";
import { openArchive } from "../stream-restore/open-archive.ts";
import { noConfiguration, proveArchive } from "../stream-restore/prove-archive.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { editAndCheck, foreseeing } from "./edit-and-check.ts";
import { editInWorker } from "./edit-in-worker.ts";
import { editNotes } from "./edit-notes.ts";
import { type EditPlan, type EditWishes, planEdit } from "./edit-plan.ts";
import { editedManifest } from "./edited-manifest.ts";
import { formatOf } from "./format-of.ts";
import { sameAsProven } from "./same-as-proven.ts";

export interface EditOptions extends EditWishes {
  /** The directory to make; absent: nothing is written. */
  readonly target?: string;
  /** Replace a backup that stands there. */
  readonly force?: boolean;
  /** Replace names by keyed hashes, with the keys of a file where one is given. */
  readonly obfuscate?: { readonly keyFile?: string };
  /** Goes into the manifest. */
  readonly tool: string;
  readonly signal?: AbortSignal;
  readonly onRead?: (bytes: number) => void;
  /** What is to be known about the source. Sentences. */
  readonly notes?: readonly string[];
}

/** Compressed bytes of a source from which on what keeps all of it is large. */
const largeBytes = 16 * 1024 * 1024;

export interface EditResult {
  readonly plan: EditPlan;
  readonly report: EditReport;
  readonly notes: readonly string[];
  readonly directory: string | undefined;
  readonly keyFile: string | undefined;
  readonly manifest: Manifest | undefined;
}

/**
 * Makes another backup of one stream's backup, or says what it would hold: filtered, renamed, in another format. The source
 * stays as it is; the new directory appears whole, read back and proven, or not at all.
 *
 * Throws USAGE, ARCHIVE_DAMAGED, BACKUP_INVALID, BACKUP_EXISTS, FILE_SYSTEM, CANCELLED.
 */
export async function editArchive(source: StoredStream, options: EditOptions): Promise<EditResult> {
  const started = new Date();
  await using opened = await openArchive(source);
  const { stored } = opened;
  if (options.obfuscate && options.target !== undefined) {
    await refuseOtherKeys(options.target, options.obfuscate.keyFile);
  }
  const config = stored.config ?? (await insideConfig(stored, options.signal));
  const keys = options.obfuscate ? await keysOf(options.obfuscate.keyFile) : undefined;
  const obfuscator = keys ? Obfuscator.fromKeyFile(JSON.stringify(keys), options.obfuscate?.keyFile ?? "") : undefined;
  const from = stored.manifest?.archive.format ?? formatOf(stored.archive);
  const plan = planEdit({ config, format: from }, options, obfuscator);
  const order = {
    path: stored.archive,
    from,
    spec: plan.spec,
    format: plan.format,
    config: plan.config,
    emptyAsIn29: options.serverVersion !== undefined && !versionRules(options.serverVersion).readsDeletes,
    lastSequence: stored.manifest?.content.streamLastSequence ?? 0,
    atStart: stateAtStart(stored.state),
    known: knownMessages(stored),
    // Names may have been added to the keys while the configuration was made.
    ...(obfuscator ? { keys: obfuscator.toKeyFile() } : {}),
    ...createdOf(stored),
    salvaged: stored.salvaged ?? false,
  };
  const { select, newest } = plan.spec;
  const large = select === undefined && newest === undefined && stored.archiveBytes > largeBytes;
  const running = { signal: options.signal, large, ...(options.onRead ? { onRead: options.onRead } : {}) };
  if (options.target === undefined) {
    const { report, unnoted } = await foreseeing(order, (foreseen) => editInWorker(foreseen, running));
    sameAsProven(stored, report.sourceMessages);
    return {
      plan,
      report,
      notes: [...(options.notes ?? []), ...editNotes(plan, report, unnoted)],
      directory: undefined,
      keyFile: undefined,
      manifest: undefined,
    };
  }
  await using staged = await StagedDirectory.create(options.target, {
    replace: options.force ?? false,
    looksOurs: (names) => names.includes(backupJsonName) || names.includes(manifestName),
  });
  const name = archiveName(plan.format);
  const out = join(staged.path, name);
  const { done, checked } = await foreseeing({ ...order, out }, (foreseen) => editAndCheck(foreseen, running));
  const notes = [...(options.notes ?? []), ...editNotes(plan, done.report, done.unnoted)];
  sameAsProven(stored, done.report.sourceMessages);
  if (checked.report.live.messages !== done.report.messages) {
    throw new RelightError(
      "INTERNAL",
      `${done.report.messages} messages were written, ${checked.report.live.messages} read back`,
    );
  }
  const state = stateOf(done.report);
  const json = formatBackupJson({ config: plan.config, state });
  await writeDurably(join(staged.path, backupJsonName), json);
  const manifest = editedManifest({
    tool: options.tool,
    source: stored,
    config: plan.config,
    created: done.created,
    state,
    archive: { name, bytes: checked.bytes, sha256: checked.sha256 },
    backupJson: {
      name: backupJsonName,
      bytes: Buffer.byteLength(json),
      sha256: createHash("sha256").update(json).digest("hex"),
    },
    report: checked.report,
    edit: done.report,
    obfuscated: obfuscator !== undefined,
    notes,
    started,
    finished: new Date(),
  });
  await writeDurably(join(staged.path, manifestName), formatManifest(manifest));
  options.signal?.throwIfAborted();
  const keyFile = done.keyFile ? keyFileOf(staged.target) : undefined;
  if (keyFile && done.keyFile) await commitWithKeys(staged, keyFile, done.keyFile);
  else await staged.commit();
  return { plan, report: done.report, notes, directory: staged.target, keyFile, manifest };
}

const keyFileOf = (target: string): string => `${resolve(target)}.keys.json`;

/** The keys of another backup are not replaced: nobody could read that one any more. */
async function refuseOtherKeys(target: string, given: string | undefined): Promise<void> {
  const path = keyFileOf(target);
  if (given !== undefined && resolve(given) === path) return;
  if (!(await stat(path).catch(() => undefined))) return;
  throw new RelightError("BACKUP_EXISTS", `${path} holds the keys of another backup`, {
    context: { path },
    hint: `Go on with them: --obfuscation-key ${path}; or move it away, or choose another directory.`,
  });
}

/**
 * Without the keys an obfuscated backup cannot be read, so that they are there first. Those of a file that was given are
 * among them, and what is new.
 */
async function commitWithKeys(staged: StagedDirectory, path: string, keys: Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}.partial`;
  const isNew = !(await stat(path).catch(() => undefined));
  await rm(fresh, { force: true });
  await writeDurably(fresh, keys);
  try {
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw fileSystemError(`cannot write ${path}`, error);
  }
  try {
    await staged.commit();
  } catch (error) {
    if (isNew) await rm(path, { force: true });
    throw error;
  }
}

async function keysOf(path: string | undefined): Promise<KeyFile> {
  if (path === undefined) return { version: 1, secret: randomBytes(32).toString("base64"), map: {} };
  try {
    return Obfuscator.fromKeyFile(await readFile(path, "utf8"), path).toKeyFile();
  } catch (error) {
    if (error instanceof RelightError) throw error;
    throw new RelightError("BACKUP_NOT_FOUND", `the key file ${path} cannot be read`, {
      cause: error,
      context: { path },
      hint: keyFileHint,
    });
  }
}

/** Of an archive that has its configuration inside only. Throws BACKUP_INVALID where there is none, and what the proof throws. */
export async function insideConfig(stored: StoredStream, signal: AbortSignal | undefined): Promise<StreamConfig> {
  const { facts } = await proveArchive(stored, signal ? { signal } : {});
  if (facts.inside) return facts.inside.config as StreamConfig;
  throw noConfiguration(stored);
}

function createdOf({ manifest, created = manifest?.created }: StoredStream): { readonly created?: string } {
  return created === undefined ? {} : { created };
}

function stateOf(report: EditReport): { readonly [key: string]: unknown } {
  const never = "0001-01-01T00:00:00Z";
  return {
    messages: report.messages,
    bytes: report.bytes,
    first_seq: report.firstSequence,
    first_ts: isoTime(report.firstTime) ?? never,
    last_seq: report.lastSequence,
    last_ts: isoTime(report.lastTime) ?? never,
    consumer_count: report.consumers.length,
  };
}
