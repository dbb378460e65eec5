import { rm } from "node:fs/promises";
import { join } from "node:path";
import { asRelightError, RelightError } from "../../errors.ts";
import { configFileName, formatConfigEntry } from "../../formats/directory/config-layout.ts";
import type { SalvageReport } from "../../formats/salvage/salvage-report.ts";
import { openSalvaged } from "../archive-salvage/salvage-stored.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { fileSystemError, writeDurably } from "../files/staged-directory.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { type EditOptions, type EditResult, editArchive } from "./edit-archive.ts";
import { editToTgz } from "./edit-to-tgz.ts";
import type { AccountDirectory, AccountStream } from "./read-account-directory.ts";

export interface ConvertAccountOptions {
  /** The directory that gets the converted backups, each under the name that it has; made where it is not there. */
  readonly target: string;
  /** The older CLI's layout: `stream_<name>.tgz`, and the configurations beside it. */
  readonly tgz: boolean;
  /** Say what would become of each, and write nothing. */
  readonly dryRun?: boolean;
  /** Take what can be read of damaged ones. */
  readonly salvage: boolean;
  /** How one of them is converted. */
  readonly edit: (stored: StoredStream, salvage: SalvageReport | undefined) => Omit<EditOptions, "target">;
  readonly force?: boolean;
  readonly signal: AbortSignal;
  readonly onResult?: (result: ConvertedStream) => void;
}

export type ConvertedStream = { readonly stream: string } & (
  | { readonly status: "converted"; readonly result: EditResult; readonly salvage: SalvageReport | undefined }
  | { readonly status: "failed"; readonly error: RelightError }
);

/**
 * Converts every stream of an account's backup; one that fails does not stop the others, and leaves nothing.
 * Throws FILE_SYSTEM where the target cannot be made.
 */
export async function convertAccount(
  { streams, failures }: AccountDirectory,
  options: ConvertAccountOptions,
): Promise<ConvertedStream[]> {
  if (!options.dryRun) {
    try {
      await makeDirectory(options.target);
    } catch (error) {
      throw fileSystemError(`cannot create ${options.target}`, error);
    }
  }
  const results: ConvertedStream[] = [];
  const settle = (result: ConvertedStream): void => {
    results.push(result);
    options.onResult?.(result);
  };
  for (const { path, error } of failures) settle({ stream: path, status: "failed", error });
  for (const one of streams) {
    try {
      settle(await convert(one, options));
    } catch (thrown) {
      const error = options.signal.aborted ? new RelightError("CANCELLED", "cancelled") : asRelightError(thrown);
      settle({ stream: one.stored.stream, status: "failed", error });
      if (options.signal.aborted) break;
    }
  }
  return results;
}

async function convert(one: AccountStream, options: ConvertAccountOptions): Promise<ConvertedStream> {
  await using salvaged = options.salvage ? await openSalvaged(one.stored, options.signal) : undefined;
  const stored = salvaged?.stored ?? one.stored;
  const salvage = salvaged?.salvage;
  const edit = options.edit(stored, salvage);
  const name = options.tgz ? configFileName.data(stored.stream) : one.name;
  const target = join(options.target, name);
  const made = options.dryRun
    ? await editArchive(stored, edit)
    : await (options.tgz ? editToTgz : editArchive)(stored, { ...edit, target });
  const absent = one.consumers.filter((consumer) => !made.report.consumers.includes(consumer));
  const told = edit.spec.consumers === false ? [] : absent.filter((consumer) => !isDropped(made, consumer));
  const notes = told.map(
    (consumer) =>
      `consumer "${consumer}" is left out: its configuration lies beside the data, and its position nowhere`,
  );
  if (options.tgz) await describe(made, options);
  const result = { ...made, notes: [...made.notes, ...notes] };
  return { stream: stored.stream, status: "converted", result, salvage };
}

const isDropped = ({ report }: EditResult, consumer: string): boolean =>
  report.droppedConsumers.some(({ name }) => name === consumer);

/** The configurations that the older CLI restores before the data. */
async function describe({ manifest }: EditResult, { target, force }: ConvertAccountOptions): Promise<void> {
  if (!manifest) return;
  const { stream, config, consumers } = manifest;
  const entries = [
    { file: configFileName.stream(stream), entry: { type: "stream", stream, config } as const },
    ...consumers
      .filter((consumer) => consumer.config.durable_name)
      .map(({ name: consumer, config: own }) => ({
        file: configFileName.consumer(stream, consumer),
        entry: { type: "consumer", stream, consumer, config: own } as const,
      })),
  ];
  const made = [join(target, configFileName.data(stream))];
  try {
    for (const { file, entry } of entries) {
      const path = join(target, file);
      if (force) await rm(path, { force: true });
      await writeDurably(path, formatConfigEntry(entry, new Date()));
      made.push(path);
    }
  } catch (error) {
    for (const path of made) await rm(path, { force: true });
    throw error;
  }
}
