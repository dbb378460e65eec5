import type { Session } from "../../jetstream/session.ts";
import { executeRestore } from "./execute-restore.ts";
import { observeTarget } from "./observe-target.ts";
import { prepareRestore } from "./prepare-restore.ts";
import { readBackup } from "./read-backup.ts";
import { refusal } from "./restore-refusal.ts";

/**
 * Restores a safety backup as it is. `standing`: origins that hold what they held when it was made, with the last sequence of each,
 * though they may be new to the server. A cancelled command still puts back, so there is no signal.
 */
export async function putBackStream(
  session: Session,
  directory: string,
  tool: string,
  standing: ReadonlyMap<string, number>,
): Promise<void> {
  const [stored] = await readBackup(directory);
  if (!stored) return;
  const target = await observeTarget(session);
  const prepared = await prepareRestore(stored, target, { wishes: { ifExists: "fail" } });
  if (prepared.plan.action !== "create") throw refusal(prepared);
  const options = { safetyDirectory: directory, tool, restored: standing, patience: { leftMs: 0 } };
  await executeRestore(session, prepared, options);
}
