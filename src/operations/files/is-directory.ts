import { stat } from "node:fs/promises";

/** False also for what is not there, or cannot be looked at: who opens it next says why. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
