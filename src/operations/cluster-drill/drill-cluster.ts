import { rmSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultGapMs } from "../../cluster/observe/take-picture.ts";
import { RelightError } from "../../errors.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { LocalCluster } from "../../local/local-cluster.ts";
import { compareContent, type StreamComparison } from "./compare-content.ts";
import type { DrillEvent, DrillReport, DrillStep, LostReplica } from "./drill-report.ts";
import { openDrillSessions } from "./drill-sessions.ts";
import { drillStreams, publish } from "./drill-streams.ts";
import { lookUntilMissed } from "./missed-server.ts";
import { prepareDrill, secondsSince } from "./prepare-drill.ts";
import { recoverDrill } from "./recover-drill.ts";
import { readContent, type StreamContent } from "./stream-content.ts";

export interface DrillOptions {
  /** Version of the nats-server. Default: 2.15. */
  readonly serverVersion?: string | undefined;
  /** Nodes that the cluster begins with; a spare comes on top. Default 3; five take a stream with five replicas too. */
  readonly nodes?: 3 | 5 | undefined;
  /** Leave the backup, the audit log, and the servers' stores and logs in the directory that the report names. */
  readonly keep?: boolean | undefined;
  /** How Relight names itself in the backups. */
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: DrillEvent) => void;
}

/** Written to after the server is dead: none of it is in the backup. */
const writtenMeanwhile = 200;

/**
 * Proves on a cluster of its own, on loopback, that a lost server is recovered from: loads streams, backs them up, kills and wipes
 * a server, recovers as `relight cluster apply` does, and compares every message and every consumer.
 *
 * Cleans up in every case. Throws SERVER_NOT_FOUND, SERVER_START_FAILED, CANCELLED, and what cannot be done at all; that something
 * differs is no error but a report that says so.
 */
export async function drillCluster(options: DrillOptions): Promise<DrillReport> {
  try {
    return await holdDrill(options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
    const message = "the drill was cancelled; its servers are stopped, and what it had stored is removed";
    throw new RelightError("CANCELLED", options.keep ? "the drill was cancelled; its servers are stopped" : message, {
      cause: error,
    });
  }
}

async function holdDrill(options: DrillOptions): Promise<DrillReport> {
  const { serverVersion = "2.15", nodes = 3, keep = false, tool, signal, onEvent } = options;
  const start = performance.now();
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "relight-drill-"));
  if (!keep) {
    // Also where the process is told to leave at once: the servers have a guard of their own.
    const atExit = (): void => rmSync(directory, { recursive: true, force: true });
    process.on("exit", atExit);
    resources.defer(async () => {
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
      process.off("exit", atExit);
    });
  }
  const backups = join(directory, "backup");
  const ledger = join(directory, "ledger.json");

  const cluster = resources.use(
    await LocalCluster.start({
      version: serverVersion,
      size: nodes,
      node: (name) => (keep ? { storeDirectory: join(directory, "stores", name) } : {}),
    }),
  );
  if (keep) resources.defer(() => keepLogs(cluster, directory));
  const started = secondsSince(start);
  stopWhere(signal);
  onEvent({ kind: "started", version: cluster.version, servers: cluster.servers.map(({ name }) => name) });

  const streams = drillStreams(nodes);
  const all = resources.use(await openDrillSessions(cluster.urls, signal));
  const prepared = await prepareDrill(cluster, all, { streams, backups, ledger, tool, signal, onEvent });
  const spare = cluster.servers.at(-1)?.name ?? "";

  const victim = prepared.homes.get("AUDIT")?.[0] ?? "n1";
  const lost = lostReplicas(prepared.homes, victim);
  const killed = performance.now();
  await cluster.wipe(victim);
  onEvent({ kind: "killed", server: victim, lost });
  const urls = cluster.servers.filter(({ name }) => name !== victim).map(({ url }) => url);
  const sessions = resources.use(await openDrillSessions(urls, signal));
  const { api } = sessions.session;
  const added = new Map<string, readonly number[]>();
  for (const stream of streams.filter(({ replicas }) => replicas > 1)) {
    const from = stream.messages + 1;
    added.set(stream.name, await publish(api.connection, stream, { from, count: writtenMeanwhile, signal }));
    onEvent({ kind: "written", stream: stream.name, messages: writtenMeanwhile });
  }
  const earlier = await lookUntilMissed({ account: api, system: sessions.system }, victim, signal);
  const missed = secondsSince(killed);
  onEvent({ kind: "missed", server: victim, seconds: missed, waitMs: defaultGapMs });
  await pause(defaultGapMs - (Date.now() - Date.parse(earlier.takenAt)), signal);

  onEvent({ kind: "declared-gone", server: victim });
  const declared = performance.now();
  const steps: DrillStep[] = [];
  const onStep = (step: DrillStep): void => {
    steps.push(step);
    onEvent({ kind: "step", step });
  };
  const { whole, left } = await recoverDrill({
    sessions,
    ledger,
    backups,
    directory,
    gone: victim,
    earlier,
    tool,
    signal,
    onStep,
  });
  const recovery = secondsSince(declared);
  onEvent({ kind: "recovered", seconds: recovery, whole, left });

  const compareStart = performance.now();
  const comparisons: StreamComparison[] = [];
  for (const before of prepared.before) {
    const restored = lost.some(({ stream, left: others }) => stream === before.name && others === 0);
    const comparison = await compareStream(api, before, { added: added.get(before.name) ?? [], restored }, signal);
    comparisons.push(comparison);
    onEvent({ kind: "compared", comparison });
  }
  const passed = whole && comparisons.every(({ differences }) => differences.length === 0);
  return {
    version: cluster.version,
    servers: cluster.servers.map(({ name }) => name),
    spare,
    killed: victim,
    lost,
    steps,
    whole,
    left,
    streams: comparisons,
    passed,
    seconds: {
      start: started,
      ...prepared.seconds,
      missed,
      recovery,
      compare: secondsSince(compareStart),
      total: secondsSince(start),
    },
    directory: keep ? directory : null,
  };
}

/** A stream that cannot be read is one that did not come back, and no end of the drill. */
async function compareStream(
  api: JetStreamApi,
  before: StreamContent,
  expected: { readonly added: readonly number[]; readonly restored: boolean },
  signal: AbortSignal,
): Promise<StreamComparison> {
  try {
    return compareContent(before, await readContent(api, before.name, signal), expected);
  } catch (error) {
    if (!(error instanceof RelightError) || error.code === "CANCELLED") throw error;
    const differences = [`it cannot be read: ${error.message}`];
    return { stream: before.name, messages: 0, consumers: 0, differences, notes: [] };
  }
}

function lostReplicas(homes: ReadonlyMap<string, readonly string[]>, victim: string): readonly LostReplica[] {
  return [...homes]
    .filter(([, servers]) => servers.includes(victim))
    .map(([stream, servers]) => ({ stream, left: servers.length - 1 }));
}

async function keepLogs(cluster: LocalCluster, directory: string): Promise<void> {
  for (const { name, logPath } of cluster.servers) {
    await copyFile(logPath, join(directory, `${name}.log`)).catch(() => {});
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => {});
  stopWhere(signal);
}

function stopWhere(signal: AbortSignal): void {
  if (signal.aborted) throw new RelightError("CANCELLED", "the drill was cancelled");
}
