/** What the tests read of a server's answers; open, because every version adds fields. */
export type OpenConfig = Readonly<Record<string, unknown>> & { readonly name?: string };

export interface StreamFacts {
  readonly config: OpenConfig;
  readonly created: string;
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly first_ts: string;
    readonly last_seq: number;
    readonly last_ts: string;
    readonly num_deleted?: number;
    readonly num_subjects?: number;
    readonly consumer_count: number;
  };
}

/** A version as a number that sorts: "2.10.26" → 2010026. Pre-releases count as their release. */
export function versionNumber(version: string): number {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!match) throw new Error(`not a version: "${version}"`);
  return Number(match[1]) * 1_000_000 + Number(match[2]) * 1_000 + Number(match[3]);
}

/** True when `version` is `minimum` or newer. */
export function versionAtLeast(version: string, minimum: string): boolean {
  return versionNumber(version) >= versionNumber(minimum);
}
