import { takePicture } from "../../cluster/observe/take-picture.ts";
import { RelightError } from "../../errors.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { LocalCluster } from "../../local/local-cluster.ts";
import { backupAccount } from "../account-backup/backup-account.ts";
import { mergeLedgerFile } from "../cluster-ledger/ledger-file.ts";
import type { DrillEvent } from "./drill-report.ts";
import type { DrillSessions } from "./drill-sessions.ts";
import { type DrillStream, homesOf, loadStream } from "./drill-streams.ts";
import { readContent, type StreamContent } from "./stream-content.ts";

/** The good days: the streams are loaded, backed up, and what they hold and where is written down. */
export interface PreparedDrill {
  readonly before: readonly StreamContent[];
  readonly homes: ReadonlyMap<string, readonly string[]>;
  readonly seconds: { readonly load: number; readonly backup: number };
}

export interface PrepareOptions {
  readonly streams: readonly DrillStream[];
  readonly backups: string;
  /** The file in which it is written down what the streams hold, and where. */
  readonly ledger: string;
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: DrillEvent) => void;
}

/** Loads the streams, adds a spare, and backs the account up. Throws what any of it throws. */
export async function prepareDrill(
  cluster: LocalCluster,
  { session, system }: DrillSessions,
  { streams, backups, ledger, tool, signal, onEvent }: PrepareOptions,
): Promise<PreparedDrill> {
  const { api } = session;
  const start = performance.now();
  for (const stream of streams) await loadStream(api, stream, signal);
  const before: StreamContent[] = [];
  const homes = new Map<string, readonly string[]>();
  for (const { name, replicas } of streams) {
    const content = await readContent(api, name, signal);
    before.push(content);
    homes.set(name, homesOf(content.info));
    onEvent({
      kind: "loaded",
      stream: name,
      replicas,
      messages: content.messages.size,
      consumers: content.consumers.length,
      unacknowledged: content.consumers.reduce((sum, consumer) => sum + consumer.num_ack_pending, 0),
      homes: homesOf(content.info),
    });
  }
  const load = secondsSince(start);
  // After the streams are placed: it is to have none of them.
  const spare = await cluster.add();
  await cluster.ready();
  onEvent({ kind: "spare", server: spare.name });

  const backupStart = performance.now();
  const bytes = await backUp(session, { directory: backups, tool, signal });
  const backup = secondsSince(backupStart);
  onEvent({ kind: "backed-up", streams: streams.length, bytes, seconds: backup });
  await remember(ledger, api, system, signal);
  return { before, homes, seconds: { load, backup } };
}

async function backUp(
  session: DrillSessions["session"],
  options: { readonly directory: string; readonly tool: string; readonly signal: AbortSignal },
): Promise<number> {
  const { results } = await backupAccount(session, options);
  let bytes = 0;
  for (const result of results) {
    if (result.status === "failed") throw result.error;
    bytes += result.result.manifest.archive.bytes;
  }
  return bytes;
}

/** As `relight cluster status` does it on good days: where an R1 stream lived cannot be asked once its server is dead. */
async function remember(
  path: string,
  api: JetStreamApi,
  system: DrillSessions["system"],
  signal: AbortSignal,
): Promise<void> {
  const picture = await takePicture({ account: api, system, gapMs: 0, signal });
  const { streams } = await mergeLedgerFile(path, picture);
  if (streams.every(({ counters }) => counters !== null)) return;
  throw new RelightError("SERVER_START_FAILED", "the cluster is not whole before the drill begins");
}

export const secondsSince = (start: number): number => (performance.now() - start) / 1_000;
