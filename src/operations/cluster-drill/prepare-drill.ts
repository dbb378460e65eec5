import { emptyLedger, type Ledger } from "../../cluster/ledger.ts";
import { mergeLedger } from "../../cluster/merge-ledger.ts";
import { takePicture } from "../../cluster/observe/take-picture.ts";
import { RelightError } from "../../errors.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { LocalCluster } from "../../local/local-cluster.ts";
import { backupAccount } from "../account-backup/backup-account.ts";
import type { DrillEvent } from "./drill-report.ts";
import type { DrillSessions } from "./drill-sessions.ts";
import { type DrillStream, homesOf, loadStream } from "./drill-streams.ts";
import { readContent, type StreamContent } from "./stream-content.ts";

/** The good days: the streams are loaded, backed up, and what they hold and where is written down. */
export interface PreparedDrill {
  readonly before: readonly StreamContent[];
  readonly homes: ReadonlyMap<string, readonly string[]>;
  readonly ledger: Ledger;
  readonly seconds: { readonly load: number; readonly backup: number };
}

export interface PrepareOptions {
  readonly streams: readonly DrillStream[];
  readonly backups: string;
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: DrillEvent) => void;
}

/** Loads the streams, adds a spare, and backs the account up. Throws what any of it throws. */
export async function prepareDrill(
  cluster: LocalCluster,
  { session, system }: DrillSessions,
  { streams, backups, tool, signal, onEvent }: PrepareOptions,
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
  const ledger = await remember(api, system, signal);
  return { before, homes, ledger, seconds: { load, backup } };
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
async function remember(api: JetStreamApi, system: DrillSessions["system"], signal: AbortSignal): Promise<Ledger> {
  const picture = await takePicture({ account: api, system, gapMs: 0, signal });
  const ledger = mergeLedger(emptyLedger, picture);
  if (ledger.streams.every(({ counters }) => counters !== null)) return ledger;
  throw new RelightError("SERVER_START_FAILED", "the cluster is not whole before the drill begins");
}

export const secondsSince = (start: number): number => (performance.now() - start) / 1_000;
