import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where the ledger of a cluster lies unless another place is named: what was not written down on the good days is not known on the
 * bad one, so that nobody should have to ask for it. `$XDG_STATE_HOME/relight/clusters/<cluster>.json`, by default below
 * `~/.local/state`.
 */
export function defaultLedgerPath(cluster: string, environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment.XDG_STATE_HOME || join(homedir(), ".local", "state");
  // A name may have any character; what no file name may have is written as its code.
  const name = cluster.replace(/[^A-Za-z0-9._-]|^\./g, (sign) => `%${sign.codePointAt(0)?.toString(16)}`);
  return join(home, "relight", "clusters", `${name}.json`);
}
