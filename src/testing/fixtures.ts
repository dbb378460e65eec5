import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL("../formats/testdata/", import.meta.url));

/** What a server said about a stream right before its snapshot. */
export interface FixtureFacts {
  readonly created: string;
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly last_ts: string;
  };
  /** Runs of sequences that the server gave a message for. */
  readonly live: readonly (readonly [first: number, last: number])[];
  readonly firstTime?: string;
  readonly lastTime?: string;
  readonly consumers: readonly FixtureConsumer[];
}

export interface FixtureConsumer {
  readonly name: string;
  readonly created: string;
  readonly config: { readonly mem_storage?: boolean; readonly [key: string]: unknown };
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
}

/** An archive that a real server made. */
export interface ArchiveFixture {
  readonly version: string;
  readonly stream: string;
  readonly archive: Uint8Array;
  readonly facts: FixtureFacts;
}

/** The archives of src/formats/testdata/: all, of one version, or one. */
export function archiveFixtures(version?: string, stream?: string): ArchiveFixture[] {
  const fixtures: ArchiveFixture[] = [];
  for (const folder of readdirSync(directory, { withFileTypes: true })) {
    if (!folder.isDirectory() || (version !== undefined && folder.name !== version)) continue;
    const at = join(directory, folder.name);
    for (const file of readdirSync(at)) {
      if (!/^expected-.*\.json$/.test(file)) continue;
      const all = JSON.parse(readFileSync(join(at, file), "utf8")) as Record<string, FixtureFacts>;
      for (const [name, facts] of Object.entries(all)) {
        if (stream !== undefined && name !== stream) continue;
        const archive = new Uint8Array(readFileSync(join(at, `${name}.s2`)));
        fixtures.push({ version: folder.name, stream: name, archive, facts });
      }
    }
  }
  if (fixtures.length === 0) throw new Error(`there is no fixture ${version ?? ""} ${stream ?? ""}`);
  return fixtures;
}

/** Exactly one of them. */
export function archiveFixture(version: string, stream: string): ArchiveFixture {
  const [fixture] = archiveFixtures(version, stream);
  if (fixture === undefined) throw new Error("unreachable");
  return fixture;
}
