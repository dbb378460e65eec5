import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RelightError } from "../../errors.ts";
import { ArchiveInspector, type ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import type { KnownMessages } from "../../formats/edit/with-limits.ts";
import { HighwayHash } from "../../formats/filestore/highway-hash.ts";
import { checksumText, consumerKey } from "../../formats/filestore/highway-keys.ts";
import { decodeConsumerMeta } from "../../formats/filestore/meta-inf.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";
import { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import { emptyAsIn29 } from "./empty-as-in-29.ts";
import type { ExtractPlan } from "./extract-plan.ts";
import { extractRefusal } from "./extract-refusal.ts";
import { findStoreUsers } from "./find-store-users.ts";
import { settleConsumer } from "./settle-consumer.ts";
import { StagedStream } from "./staged-stream.ts";
import { inUseRefusals } from "./store-refusals.ts";
import { unpackStoreFiles } from "./unpack-store-files.ts";

export interface ExecuteExtract {
  /** Proven; an S2 stream. */
  readonly archive: string;
  readonly known?: KnownMessages | undefined;
  /** It is what could be read of a damaged one. */
  readonly salvaged?: boolean | undefined;
  readonly version?: ServerVersion | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the archive that are done. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Carries out a plan that refuses nothing: writes the stream's files beside their place, proves from their very bytes that
 * they hold what the archive holds, and moves them there. On failure nothing of it is left.
 *
 * Throws ARCHIVE_DAMAGED, RESTORE_MISMATCH, RESTORE_REFUSED (a server has started meanwhile), STREAM_EXISTS, FILE_SYSTEM, and the
 * signal's reason. Returns the bytes of the files.
 */
export async function executeExtract(plan: ExtractPlan, options: ExecuteExtract): Promise<number> {
  await using staged = await StagedStream.create(plan.directory, plan.path, plan.owner);
  const converted = ConvertedArchive.start(
    {
      path: options.archive,
      spec: plan.subjectRules.length > 0 ? { subjectRules: plan.subjectRules } : {},
      config: plan.config,
      created: plan.created,
      lastSequence: plan.expected.streamLastSequence,
      index: plan.index,
      restoredOrigins: plan.restoredOrigins,
      incomplete: options.salvaged ?? false,
      known: options.known,
      // Decoded again at once.
      compress: false,
    },
    { inUse: 1 },
  );
  const inspector = new ArchiveInspector({ streamName: plan.stream });
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of converted.oneByOne()) {
      options.signal?.throwIfAborted();
      inspector.push(piece);
      options.onProgress?.(converted.sourceBytes);
      yield piece;
    }
  }
  let bytes: number;
  try {
    bytes = await unpackStoreFiles(pieces(), staged.path);
  } finally {
    await converted.close();
  }
  const report = inspector.end();
  holdAgainst(plan, report);
  try {
    // The names in the archive, which were looked at when they became directories.
    for (const { name } of report.consumers) {
      await settle(join(staged.path, "obs", name), plan.stream, options.version);
    }
    if (plan.emptyAs29 && plan.expected.streamLastSequence > 0) {
      await emptyAsIn29(join(staged.path, "msgs"), plan.expected.streamLastSequence);
    }
  } catch (error) {
    throw fileSystemError(`cannot write ${staged.path}`, error);
  }
  options.signal?.throwIfAborted();
  // Writing can have taken long, and somebody may have started the server.
  const refusals = inUseRefusals(plan.directory, await findStoreUsers(plan.directory));
  if (refusals.length > 0) throw extractRefusal({ ...plan, refusals });
  await staged.commit();
  return bytes;
}

/** What was written must hold what was planned: it is decoded with all its checksums while it is written. */
function holdAgainst({ stream, expected }: ExtractPlan, report: ArchiveReport): void {
  const { live, problems, consumers } = report;
  const mismatches = problems.filter(({ severity }) => severity === "fatal").map(({ message }) => message);
  const compare = (what: string, is: number | string, was: number | string): void => {
    if (is !== was) mismatches.push(`${what}: ${is} instead of ${was}`);
  };
  compare("messages", live.messages, expected.messages);
  compare("first sequence", live.firstSequence, expected.firstSequence);
  compare("last message", live.lastSequence, expected.lastSequence);
  compare("last sequence", report.lastSequence, expected.streamLastSequence);
  const names = consumers.map(({ name }) => name);
  compare("consumers", names.sort().join(", "), expected.consumers.toSorted().join(", "));
  if (mismatches.length === 0) return;
  throw new RelightError("RESTORE_MISMATCH", `"${stream}" as it would be extracted: ${mismatches.join("; ")}`, {
    context: { stream, mismatches },
    hint: "Nothing was left in the store. Please report this, with the message.",
  });
}

/** Writes a consumer's description anew where a server could not start it as it is. */
async function settle(directory: string, stream: string, version: ServerVersion | undefined): Promise<void> {
  const path = join(directory, "meta.inf");
  const { name, created, config } = decodeConsumerMeta(await readFile(path));
  const bytes = new TextEncoder().encode(
    JSON.stringify({ Created: created, Name: name, ...settleConsumer(config, version).config }),
  );
  const hash = new HighwayHash(consumerKey(stream, name));
  hash.update(bytes);
  await writeFile(path, bytes);
  await writeFile(join(directory, "meta.sum"), checksumText(hash.digest()));
}
