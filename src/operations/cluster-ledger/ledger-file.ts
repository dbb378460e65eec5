import { readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { acceptStreams } from "../../cluster/accept-streams.ts";
import { emptyLedger, type Ledger, streamKey } from "../../cluster/ledger.ts";
import { mergeLedger } from "../../cluster/merge-ledger.ts";
import type { Picture } from "../../cluster/picture.ts";
import { isSeen } from "../../cluster/unseen.ts";
import { RelightError } from "../../errors.ts";
import { FileLock } from "../files/file-lock.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { fileSystemError, syncDirectory, writeDurably } from "../files/staged-directory.ts";

/** The ledger in a file; undefined: there is none yet. Throws USAGE where the file holds something else, and FILE_SYSTEM. */
export async function readLedgerFile(path: string): Promise<Ledger | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileSystemError(`cannot read ${path}`, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isLedger(value)) {
    throw new RelightError("USAGE", `${path} is not a cluster's ledger that this release can read`, {
      hint: "Nothing was written to it. Give the file of an earlier run, or one that does not exist yet.",
    });
  }
  return value;
}

/**
 * Changes the ledger in a file, which is replaced as a whole or stays what it was. It is read anew for that, and nobody else
 * changes it meanwhile. Throws USAGE, LOCKED, FILE_SYSTEM, and what `change` throws.
 */
export async function changeLedgerFile(path: string, change: (ledger: Ledger) => Ledger): Promise<Ledger> {
  const directory = dirname(path);
  try {
    await makeDirectory(directory);
  } catch (error) {
    throw fileSystemError(`cannot create ${directory}`, error);
  }
  await using _ = await FileLock.take(`${path}.lock`, { waitMs: 10_000, what: `the ledger ${path}` });
  const changed = change((await readLedgerFile(path)) ?? emptyLedger);
  const staged = `${path}.${process.pid}.partial`;
  try {
    await rm(staged, { force: true });
    await writeDurably(staged, `${JSON.stringify(changed)}\n`);
    await rename(staged, path);
    await syncDirectory(directory);
  } catch (error) {
    await rm(staged, { force: true });
    throw error instanceof RelightError ? error : fileSystemError(`cannot write ${path}`, error);
  }
  return changed;
}

/** Adds a picture to the ledger in a file, of the accepted streams as their new baseline. Throws USAGE where it is the ledger of another cluster, LOCKED and FILE_SYSTEM. */
export function mergeLedgerFile(path: string, picture: Picture, accept: readonly string[] = []): Promise<Ledger> {
  return changeLedgerFile(path, (known) => {
    refuseForeignLedger(path, known, picture);
    return mergeLedger(accept.length === 0 ? known : acceptStreams(known, accept, picture.later), picture);
  });
}

/**
 * Two clusters in one ledger would each seem to have lost what the other has. They are told apart by their servers' names; where
 * those are the same, as of two clusters that were set up alike, by when their streams were created.
 */
export function refuseForeignLedger(path: string, { servers, streams }: Ledger, { later }: Picture): void {
  const seen = later.servers.filter(({ answers }) => isSeen(answers));
  if (servers.length > 0 && seen.length > 0) {
    const shared = seen.some(({ name, cluster }) =>
      servers.some((one) => one.name === name && (one.cluster === null || !isSeen(cluster) || one.cluster === cluster)),
    );
    if (!shared) {
      throw new RelightError("USAGE", `${path} is the ledger of another cluster: of ${names(servers)}`, {
        hint: `This one has ${names(seen)}. Give each cluster a ledger of its own, --ledger; nothing was written to this one.`,
      });
    }
  }
  const created = new Map(
    later.accounts.flatMap((account) => account.streams).map((one) => [streamKey(one.account, one.name), one.created]),
  );
  const both = streams.flatMap((stream) => {
    const now = created.get(streamKey(stream.account, stream.name));
    return stream.created === null || stream.deletedAt !== null || now === undefined || !isSeen(now)
      ? []
      : [stream.created === now];
  });
  if (both.length < 2 || both.includes(true)) return;
  throw new RelightError("USAGE", `${path} knows ${both.length} streams of this cluster, all of them of another time`, {
    hint:
      "If it is another cluster's that has the same name, give this one its own: --ledger <file>. If this cluster has lost and " +
      `created anew everything, keep that file, and every backup. Nothing was written to it.`,
  });
}

const names = (servers: readonly { readonly name: string }[]): string => servers.map(({ name }) => name).join(", ");

function isLedger(value: unknown): value is Ledger {
  const ledger = value as Partial<Ledger> | null | undefined;
  return (
    typeof ledger === "object" &&
    ledger?.format === "relight-cluster-ledger" &&
    ledger.formatVersion === 1 &&
    Array.isArray(ledger.servers) &&
    ledger.servers.every((server) => typeof server?.name === "string" && typeof server.peer === "string") &&
    Array.isArray(ledger.streams) &&
    ledger.streams.every(
      (stream) =>
        typeof stream?.account === "string" &&
        typeof stream.name === "string" &&
        Array.isArray(stream.servers) &&
        Array.isArray(stream.origins) &&
        Array.isArray(stream.consumers),
    )
  );
}
