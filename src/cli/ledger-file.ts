import { readFile, rename, rm } from "node:fs/promises";
import { emptyLedger, type Ledger } from "../cluster/ledger.ts";
import { mergeLedger } from "../cluster/merge-ledger.ts";
import type { Picture } from "../cluster/picture.ts";
import { isSeen } from "../cluster/unseen.ts";
import { RelightError } from "../errors.ts";
import { fileSystemError, writeDurably } from "../operations/files/staged-directory.ts";

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
 * Adds a picture to the ledger in a file, which is replaced as a whole or stays what it was. It is read anew for that: another
 * run may have written meanwhile. Throws USAGE where it is the ledger of another cluster, and FILE_SYSTEM.
 */
export async function updateLedgerFile(path: string, picture: Picture): Promise<Ledger> {
  const known = (await readLedgerFile(path)) ?? emptyLedger;
  refuseForeign(path, known, picture);
  const merged = mergeLedger(known, picture);
  const staged = `${path}.${process.pid}.partial`;
  try {
    await writeDurably(staged, `${JSON.stringify(merged)}\n`);
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error instanceof RelightError ? error : fileSystemError(`cannot write ${path}`, error);
  }
  return merged;
}

/** Two clusters in one ledger would each seem to have lost what the other has. */
function refuseForeign(path: string, { servers }: Ledger, { later }: Picture): void {
  const seen = later.servers.filter(({ answers }) => isSeen(answers));
  if (servers.length === 0 || seen.length === 0) return;
  const shared = seen.some(({ name, cluster }) =>
    servers.some((one) => one.name === name && (one.cluster === null || !isSeen(cluster) || one.cluster === cluster)),
  );
  if (shared) return;
  throw new RelightError("USAGE", `${path} is the ledger of another cluster: of ${names(servers)}`, {
    hint: `This one has ${names(seen)}. Give each cluster a ledger of its own; nothing was written to this one.`,
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
