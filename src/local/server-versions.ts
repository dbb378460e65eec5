/** The version that is fetched when nobody asks for another. */
export const defaultServerVersion = "2.15.1";

/** The oldest minor version that Relight works with. */
export const oldestServerVersion = "2.9";

/** What a minor version stands for where a server is fetched: the newest patch that Relight is tested with. */
export const pinnedVersions: Readonly<Record<string, string>> = {
  "2.9": "2.9.25",
  "2.10": "2.10.26",
  "2.11": "2.11.11",
  "2.12": "2.12.8",
  "2.14": "2.14.6",
  "2.15": "2.15.1",
};

const minor = /^v?(\d+\.\d+)$/;
const exact = /^v?(\d+\.\d+\.\d+(?:-[\w.]+)?)$/;

/** True for what can be asked for: "2.10", "2.10.26", "v2.11.0-RC.2". */
export function isVersion(wanted: string): boolean {
  return minor.test(wanted) || exact.test(wanted);
}

/** The exact version to fetch; undefined for a minor version that stands for none. */
export function exactVersion(wanted: string | undefined): string | undefined {
  if (wanted === undefined) return defaultServerVersion;
  return exact.exec(wanted)?.[1] ?? pinnedVersions[minor.exec(wanted)?.[1] ?? ""];
}

/** True when a binary of `version` will do for the wish: any that is new enough, a minor version, or an exact one. */
export function versionFits(version: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return !isOlder(version, oldestServerVersion);
  const family = minor.exec(wanted)?.[1];
  return family === undefined ? version === exact.exec(wanted)?.[1] : version.startsWith(`${family}.`);
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
