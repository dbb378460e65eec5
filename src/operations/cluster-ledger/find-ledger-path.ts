import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isRelightError } from "../../errors.ts";
import { defaultLedgerPath } from "./default-ledger-path.ts";
import { readLedgerFile } from "./ledger-file.ts";

/**
 * The ledger of a cluster where none is named: its own; or, where it has none, that of another cluster which knows servers of this one.
 * Clusters that gateways join have one meta group, so one memory and one lock, whichever of them a connection leads to. Throws
 * FILE_SYSTEM.
 */
export async function findLedgerPath(cluster: string, environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const own = defaultLedgerPath(cluster, environment);
  const files = await readdir(dirname(own)).catch((): string[] => []);
  if (files.includes(basename(own))) return own;
  for (const file of files.filter((name) => name.endsWith(".json")).sort()) {
    const path = join(dirname(own), file);
    if (await knows(path, cluster)) return path;
  }
  return own;
}

async function knows(path: string, cluster: string): Promise<boolean> {
  try {
    const ledger = await readLedgerFile(path);
    return ledger?.servers.some((server) => server.cluster === cluster) ?? false;
  } catch (error) {
    // Another's file that cannot be read is no reason not to begin an own one.
    if (isRelightError(error)) return false;
    throw error;
  }
}
