import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { binaryName } from "./server-source.ts";

export interface InstalledServer {
  readonly from: "NATS_SERVER" | "PATH";
  readonly path: string;
}

/** The servers that this machine names itself: $NATS_SERVER, whether it is there or not, and every one on PATH. */
export async function installedServers(env: NodeJS.ProcessEnv): Promise<readonly InstalledServer[]> {
  const found: InstalledServer[] = env.NATS_SERVER ? [{ from: "NATS_SERVER", path: env.NATS_SERVER }] : [];
  for (const directory of new Set((env.PATH ?? "").split(delimiter).filter(Boolean))) {
    const path = join(directory, binaryName);
    if (await isExecutable(path)) found.push({ from: "PATH", path });
  }
  return found;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
