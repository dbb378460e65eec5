/** The version that is fetched when nobody asks for another. */
export const defaultServerVersion = "2.15.1";

/** What a minor version stands for: the newest patch that Relight is tested with. */
export const pinnedVersions: Readonly<Record<string, string>> = {
  "2.9": "2.9.25",
  "2.10": "2.10.26",
  "2.11": "2.11.11",
  "2.12": "2.12.8",
  "2.14": "2.14.6",
  "2.15": "2.15.1",
};

/** Turns "2.10" or "v2.10.26" into an exact version; undefined for what is no version. */
export function exactVersion(wanted: string): string | undefined {
  const plain = wanted.replace(/^v/, "");
  return pinnedVersions[plain] ?? (/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(plain) ? plain : undefined);
}

/** True when a binary of `version` will do for the wish: any, a minor version, or an exact one. */
export function versionFits(version: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const plain = wanted.replace(/^v/, "");
  return version === plain || (/^\d+\.\d+$/.test(plain) && version.startsWith(`${plain}.`));
}
