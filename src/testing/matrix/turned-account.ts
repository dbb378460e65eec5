import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { editArchive } from "../../operations/archive-edit/edit-archive.ts";
import { readBackup } from "../../operations/stream-restore/read-backup.ts";
import type { BackedUpAccount } from "./backed-up-account.ts";

/**
 * The same account, each archive turned into the other format and into v1 again: v1 to v2 to v1, and v2 to v1 to v2 to v1.
 * Streams in memory have no v1 archive, and stay as they are.
 */
export async function turned(account: BackedUpAccount, directory: string): Promise<BackedUpAccount> {
  await mkdir(directory);
  for (const { name, directory: from, format, before } of account.streams) {
    if (before.info.config.storage === "memory") {
      await cp(from, join(directory, name), { recursive: true });
      continue;
    }
    let last = from;
    for (const [step, to] of (format === "v1" ? (["v2", "v1"] as const) : (["v1", "v2", "v1"] as const)).entries()) {
      const [stored] = await readBackup(last);
      if (!stored) throw new Error(`${last} holds no backup`);
      const final = to === "v1" && step > 0;
      const target = final ? join(directory, name) : join(directory, `.${name}-${step}`);
      await editArchive(stored, { spec: {}, format: to, target, tool: "relight test" });
      last = target;
    }
  }
  return { ...account, directory };
}
