/** A nats-server version as numbers; a pre-release counts as its release (2.15.0-RC.1 is 2.15.0). */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly text: string;
}

/** Parses "2.10.26" or "v2.15.0-RC.1"; undefined when it is no version. */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const match = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(text.trim());
  if (!match) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    text: text.trim().replace(/^v/, ""),
  };
}

/** True when `version` is `major.minor.patch` or newer. */
export function isAtLeast(version: ServerVersion, major: number, minor: number, patch = 0): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}
