import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { FileLock } from "../files/file-lock.ts";
import { isDirectory } from "../files/is-directory.ts";
import { AuditLog } from "./audit-log.ts";
import { readBackupCovers } from "./read-backup-covers.ts";
import { Recovery } from "./recovery.ts";
import { recoveryPlaces } from "./recovery-places.ts";
import type { RecoveryOptions, RecoveryOutcome, RecoveryRequest } from "./recovery-request.ts";

/**
 * Recovers a cluster: looks, plans, does the first step that is ready, sees that it had its effect, notes it, and begins again, until
 * nothing is left that Relight may do. A step is done only while the newest plan has it as ready. The first that fails, or cannot be
 * verified, ends it. Killed at any moment, another run goes on where this one was.
 *
 * What happens is in the outcome, failures of steps too. Throws where nothing can be begun or written down: LOCKED, USAGE (another
 * cluster's ledger), FILE_SYSTEM, BACKUP_NOT_FOUND, BACKUP_INVALID, ARCHIVE_DAMAGED.
 */
export async function recoverCluster(
  request: RecoveryRequest,
  options: RecoveryOptions = {},
): Promise<RecoveryOutcome> {
  const places = { ...recoveryPlaces(request.ledger), ...definedPlaces(request) };
  await using _ = await FileLock.take(places.lock, { waitMs: 0, what: "this cluster's recovery" });
  const log = await AuditLog.open(places.audit, randomUUID());
  const found = await readBackupCovers([...(request.backups ?? []), ...(await existing(places.newBackups))]);
  // Awaited here: the lock is given back when this returns.
  return await new Recovery(request, options, places, log, found).run();
}

function definedPlaces({ audit, newBackups }: RecoveryRequest): {
  readonly audit?: string;
  readonly newBackups?: string;
} {
  return { ...(audit === undefined ? {} : { audit }), ...(newBackups === undefined ? {} : { newBackups }) };
}

/** The directory, where it is there and holds something. */
async function existing(path: string): Promise<readonly string[]> {
  if (!(await isDirectory(path))) return [];
  const names = await readdir(path);
  return names.some((name) => !name.startsWith(".")) ? [path] : [];
}
