import { RelightError } from "../../errors.ts";

/**
 * `backup.json` of the `nats` CLI's stream backup: the server's answer to the snapshot request, `{config, state}`.
 * The CLI writes it last and takes an empty one for a backup that did not finish. Source: jsm.go `snapshots.go`.
 */
export interface BackupJson {
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  readonly state: { readonly [key: string]: unknown };
}

export const backupJsonName = "backup.json";

/** Names under which archives are found, in the order in which they are looked for. The content, not the name, says
 * which format it is: the CLI before 0.5 wrote both as `stream.tar.s2`. */
export const archiveNames = ["stream.arc.s2", "stream.tar.s2"] as const;

/** The name that today's `nats` CLI expects for an archive of this format. */
export function archiveName(format: "v1" | "v2"): (typeof archiveNames)[number] {
  return format === "v2" ? "stream.arc.s2" : "stream.tar.s2";
}

/** Parses `backup.json`. Throws BACKUP_INVALID, naming `path`. */
export function parseBackupJson(text: string, path: string): BackupJson {
  if (text.trim() === "") {
    throw new RelightError("BACKUP_INVALID", `${path} is empty: this backup was never finished`, { context: { path } });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RelightError("BACKUP_INVALID", `${path} is not JSON`, { cause: error, context: { path } });
  }
  const { config, state } = (value ?? {}) as Partial<BackupJson>;
  if (typeof config !== "object" || config === null || typeof config.name !== "string" || config.name === "") {
    throw new RelightError("BACKUP_INVALID", `${path} holds no stream configuration`, { context: { path } });
  }
  if (!isStreamName(config.name)) {
    throw new RelightError(
      "BACKUP_INVALID",
      `${path} names a stream that cannot exist: ${JSON.stringify(config.name)}`,
    );
  }
  return { config, state: typeof state === "object" && state !== null ? state : {} };
}

/** A stream name that a server would accept, so that it is also safe as a token of a subject and as a file name. */
export function isStreamName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return name.length > 0 && name.length <= 255 && !/[\s.*>/\\\x00-\x1f\x7f]/.test(name);
}

export function formatBackupJson(backup: BackupJson): string {
  return `${JSON.stringify({ config: backup.config, state: backup.state }, undefined, 2)}\n`;
}
