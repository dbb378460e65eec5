import type { Ledger } from "../cluster/ledger.ts";
import type { Picture } from "../cluster/picture.ts";
import { isRelightError } from "../errors.ts";
import type { ClusterSession } from "./open-cluster-session.ts";
import type { LedgerFlag } from "./options/ledger-options.ts";

/** The ledger that a command uses. */
export interface ClusterLedger {
  /** null: none. */
  readonly path: string | null;
  /** As it was before this run; undefined: there was none. */
  readonly before: Ledger | undefined;
}

/** Finds and reads the ledger: the file that was named, or the cluster's own. Throws USAGE, FILE_SYSTEM. */
export async function openClusterLedger(flag: LedgerFlag, session: ClusterSession): Promise<ClusterLedger> {
  const path = await ledgerPath(flag, session);
  if (path === null) return { path: null, before: undefined };
  const { readLedgerFile } = await import("../operations/cluster-ledger/ledger-file.ts");
  return { path, before: await readLedgerFile(path) };
}

/** Throws USAGE and FILE_SYSTEM for a file that was named and is no ledger: before anything is waited for. */
export async function checkNamedLedger(flag: LedgerFlag): Promise<void> {
  if (typeof flag !== "string") return;
  const { readLedgerFile } = await import("../operations/cluster-ledger/ledger-file.ts");
  await readLedgerFile(flag);
}

async function ledgerPath(flag: LedgerFlag, { system, account }: ClusterSession): Promise<string | null> {
  if (typeof flag === "string") return flag;
  if (flag === false) return null;
  const { cluster } = (system ?? account?.connection)?.info ?? {};
  if (!cluster) return null;
  const { findLedgerPath } = await import("../operations/cluster-ledger/find-ledger-path.ts");
  return await findLedgerPath(cluster);
}

/**
 * Adds what was seen; of the streams that are accepted it is what is right from now on. Throws USAGE where it is another cluster's
 * ledger, or a stream is accepted that nobody knows, LOCKED, FILE_SYSTEM.
 */
export async function remember(
  { path, before }: ClusterLedger,
  picture: Picture,
  accept: readonly string[] = [],
): Promise<Ledger> {
  if (path === null) {
    const { emptyLedger } = await import("../cluster/ledger.ts");
    const { mergeLedger } = await import("../cluster/merge-ledger.ts");
    return mergeLedger(emptyLedger, picture);
  }
  const { mergeLedgerFile } = await import("../operations/cluster-ledger/ledger-file.ts");
  const ledger = await mergeLedgerFile(path, picture, accept);
  sayIfNew({ path, before });
  return ledger;
}

/** Says where a cluster is remembered that was not before. */
export function sayIfNew({ path, before }: ClusterLedger): void {
  if (path === null || before !== undefined) return;
  process.stderr.write(`relight: what this cluster holds is remembered from now on, in ${path}\n`);
}

/**
 * Adds what a command saw that only looks: where that fails, it is said, and the command goes on. Without the servers' own answers
 * nothing is added: half a picture is no baseline. Returns undefined where there is no ledger.
 */
export async function rememberInPassing(
  flag: LedgerFlag,
  session: ClusterSession,
  picture: Picture,
): Promise<Ledger | undefined> {
  if (!session.system) return undefined;
  try {
    const ledger = await openClusterLedger(flag, session);
    return ledger.path === null ? undefined : await remember(ledger, picture);
  } catch (error) {
    if (!isRelightError(error) || typeof flag === "string") throw error;
    process.stderr.write(`relight: not remembered: ${error.message}\n   hint: ${error.hint}\n`);
    return undefined;
  }
}

/** What was known before this run; undefined where there is no ledger, or none that can be read, which is said elsewhere. */
export async function knownBefore(flag: LedgerFlag, session: ClusterSession): Promise<Ledger | undefined> {
  try {
    return (await openClusterLedger(flag, session)).before;
  } catch (error) {
    if (!isRelightError(error)) throw error;
    return undefined;
  }
}
