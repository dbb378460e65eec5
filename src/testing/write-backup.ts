import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archiveName } from "../formats/directory/backup-json.ts";

/** Writes a backup directory as the `nats` CLI does: no manifest. Returns its path. */
export function writeBackup(
  path: string,
  archive: Uint8Array,
  content: {
    readonly format: "v1" | "v2";
    readonly config: { readonly name: string; readonly [key: string]: unknown };
  },
): string {
  mkdirSync(path);
  writeFileSync(join(path, archiveName(content.format)), archive);
  writeFileSync(join(path, "backup.json"), JSON.stringify({ config: content.config, state: {} }));
  return path;
}
