import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { openSession, type Session } from "../jetstream/session.ts";
import { backupStream } from "../operations/stream-backup/backup-stream.ts";
import { readBackup } from "../operations/stream-restore/read-backup.ts";
import { restoreStreams, type StreamRestoreResult } from "../operations/stream-restore/restore-streams.ts";
import { compareStreams, type Tolerances } from "./compare-streams.ts";
import { describeDifferences } from "./difference.ts";
import { readStream, type StreamContents } from "./read-stream.ts";
import { createStreamKinds, kindsFor } from "./stream-kinds.ts";

/** A session on a test's server. */
export function sessionOn(url: string): Promise<Session> {
  return openSession({
    timeoutMs: 15_000,
    connect: ({ dedicated }) => connect({ servers: url, reconnect: !dedicated }),
  });
}

/** Every kind of stream of one server, read and backed up. */
export interface BackedUpKinds extends AsyncDisposable {
  readonly directory: string;
  readonly contents: ReadonlyMap<string, StreamContents>;
}

/** Creates every kind that the server knows (without those in memory, which older servers cannot back up), reads them and backs them up. */
export async function backUpKinds(session: Session): Promise<BackedUpKinds> {
  const directory = await mkdtemp(join(tmpdir(), "relight-matrix-"));
  const { connection } = session.api;
  const kinds = kindsFor(connection).filter((kind) => kind.snapshotSince === undefined);
  const contents = new Map<string, StreamContents>();
  for (const { facts } of await createStreamKinds(connection, kinds)) {
    for (const { name } of facts.streams) {
      contents.set(name, await readStream(connection, name));
      await backupStream(session, { stream: name, directory: join(directory, name), tool: "test" });
    }
  }
  return {
    directory,
    contents,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Restores all of them. */
export async function restoreKinds(session: Session, kinds: BackedUpKinds): Promise<StreamRestoreResult[]> {
  const stored = await readBackup(kinds.directory);
  return restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool: "test" });
}

/** What of a stream did not come back, in words; empty where everything did. */
export async function differencesAfter(
  session: Session,
  before: StreamContents,
  tolerances: Tolerances,
): Promise<string> {
  const after = await readStream(session.api.connection, before.name);
  const differences = compareStreams(before, after, tolerances);
  return differences.length === 0 ? "" : describeDifferences(differences, 5);
}
