// Interim: walks plans until the real executor is there. Not to be merged.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Ledger } from "../../cluster/ledger.ts";
import { mergeLedger } from "../../cluster/merge-ledger.ts";
import { noteDone } from "../../cluster/note-done.ts";
import { observeCluster } from "../../cluster/observe/observe-cluster.ts";
import type { Picture, Sample } from "../../cluster/picture.ts";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { type BackupCover, defaultThresholds, noWords, type OperatorWords } from "../../cluster/plan/plan-request.ts";
import type { Session } from "../../jetstream/session.ts";
import { backupStream } from "../../operations/stream-backup/backup-stream.ts";
import { readAccountBackup, readBackup } from "../../operations/stream-restore/read-backup.ts";
import { restoreStreams } from "../../operations/stream-restore/restore-streams.ts";

export interface InterimRequest {
  readonly session: Session;
  readonly system: NatsConnection;
  readonly ledger: Ledger;
  readonly backups: readonly string[];
  readonly words: Partial<OperatorWords>;
  readonly earlier?: Sample;
  readonly directory: string;
  readonly log?: (text: string) => void;
  readonly maxMs?: number;
  readonly waitPatienceMs?: number;
}
export interface InterimOutcome {
  readonly done: { id: string; kind: string; why: string; seconds: number }[];
  readonly plan: ClusterPlan;
  readonly ledger: Ledger;
}

export async function interimRecover(request: InterimRequest): Promise<InterimOutcome> {
  const { session, system, log = () => {} } = request;
  const { api } = session;
  const words = { ...noWords, ...request.words };
  let ledger = request.ledger;
  const covers: BackupCover[] = [];
  for (const directory of request.backups) {
    const { streams } = await readAccountBackup(directory);
    for (const { manifest, path } of streams) {
      if (!manifest) continue;
      covers.push({
        account: null,
        stream: manifest.stream,
        path,
        takenAt: manifest.times.started,
        lastSeq: manifest.content.streamLastSequence,
        messages: manifest.content.messages,
        proven: true,
      });
    }
  }
  const done: InterimOutcome["done"] = [];
  const samples: Sample[] = request.earlier ? [request.earlier] : [];
  const look = async (): Promise<Sample> => {
    const previous = samples.at(-1);
    const sample = await observeCluster({ account: api, system, ...(previous ? { earlier: previous } : {}) });
    samples.push(sample);
    return sample;
  };
  if (samples.length === 0) {
    await look();
    await sleep(12_000);
  }
  const until = Date.now() + (request.maxMs ?? 120_000);
  const minGap = 0;
  let waitingSince = 0;
  for (;;) {
    const later = await look();
    const at = Date.parse(later.takenAt);
    const earlier =
      [...samples].reverse().find((one) => at - Date.parse(one.takenAt) >= (minGap || 2_000)) ?? samples[0]!;
    const picture: Picture = { format: "relight-cluster-picture", formatVersion: 1, earlier, later };
    ledger = mergeLedger(ledger, picture);
    const plan = planCluster({
      picture,
      ledger,
      backups: covers,
      words,
      thresholds: defaultThresholds,
      now: new Date().toISOString(),
    });
    const ready = plan.steps.find(({ state, by, kind }) => state === "ready" && by === "relight" && kind !== "wait");
    log(
      `${plan.outlook}: ${plan.steps.map((s) => `${s.id}[${s.state}${s.blockers.length ? `: ${s.blockers.map((b) => b.code)}` : ""}]`).join(", ")}`,
    );
    if (plan.steps.length === 0 && !ledger.streams.some((one) => one.deletedAt !== null)) return { done, plan, ledger };
    if (plan.steps.length === 0) {
      await sleep(1_000);
      continue;
    }
    const waits = plan.steps.some(
      ({ kind, state, blockers }) =>
        (kind === "wait" && state === "waiting") || (kind === "wait" && state === "ready" && blockers.length === 0),
    );
    if (!ready && !waits) return { done, plan, ledger };
    if (Date.now() > until) return { done, plan, ledger };
    if (!ready) {
      if (waitingSince === 0) waitingSince = Date.now();
      if (Date.now() - waitingSince > (request.waitPatienceMs ?? 60_000)) return { done, plan, ledger };
      await sleep(500);
      continue;
    }
    waitingSince = 0;
    const start = performance.now();
    log(`DO ${ready.id}: ${ready.why}`);
    if (ready.kind === "delete-stub") ledger = noteDone(ledger, ready, new Date().toISOString());
    try {
      await carryOut(ready, request, covers);
    } catch (error) {
      log(`  failed: ${(error as Error).message}`);
      done.push({ id: ready.id, kind: ready.kind, why: String(error), seconds: -1 });
      if (Date.now() > until - 60_000) throw error;
    }
    if (ready.kind !== "delete-stub") ledger = noteDone(ledger, ready, new Date().toISOString());
    done.push({ id: ready.id, kind: ready.kind, why: ready.why, seconds: (performance.now() - start) / 1000 });
    await sleep(500);
  }
}

async function carryOut(step: PlanStep, request: InterimRequest, covers: BackupCover[]): Promise<void> {
  const { session, system, directory } = request;
  const { api } = session;
  const { stream, peer, consumer } = step.target;
  const asSystem = async (subject: string, body: object): Promise<unknown> => {
    const answer = (await system.request(subject, JSON.stringify(body), { timeout: 10_000 })).json<{
      error?: unknown;
    }>();
    if (answer.error) throw new Error(`${subject}: ${JSON.stringify(answer.error)}`);
    return answer;
  };
  const scale = async (): Promise<void> => {
    const info = await api.streamInfo(stream ?? "");
    await api.updateStream({ ...info.config, num_replicas: step.arguments.replicas ?? 1 });
  };
  switch (step.kind) {
    case "peer-remove":
      if (stream === null) await asSystem("$JS.API.SERVER.REMOVE", { peer: "", peer_id: peer });
      else await api.request(`STREAM.PEER.REMOVE.${stream}`, { peer: step.target.server });
      return;
    case "scale-down":
    case "scale-up":
      return await scale();
    case "step-down":
      await api.request(
        consumer === null ? `STREAM.LEADER.STEPDOWN.${stream}` : `CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`,
      );
      return;
    case "meta-rescue":
      await asSystem("$JS.API.META.RESCUE", { quorum_needed: step.arguments.quorumNeeded });
      return;
    case "delete-stub":
      await api.request(`STREAM.DELETE.${stream}`, undefined, { timeoutMs: 2_000 }).catch(() => {});
      for (let i = 0; i < 60 && (await api.streamNames()).includes(stream ?? ""); i++) await sleep(500);
      return;
    case "restore": {
      const stored = await readBackup(step.arguments.backup ?? "");
      const results = await restoreStreams(session, {
        stored,
        wishes: { ifExists: "fail", ...(step.arguments.replicas ? { replicas: step.arguments.replicas } : {}) },
        tool: "interim",
      });
      for (const result of results)
        if (result.status !== "restored")
          throw new Error(`${result.status}: ${"error" in result ? result.error?.message : ""}`);
      return;
    }
    case "back-up-first": {
      const path = join(directory, `first-${stream}-${Date.now()}`);
      const { manifest } = await backupStream(session, { stream: stream ?? "", directory: path, tool: "interim" });
      covers.push({
        account: null,
        stream: manifest.stream,
        path,
        takenAt: manifest.times.started,
        lastSeq: manifest.content.streamLastSequence,
        messages: manifest.content.messages,
        proven: true,
      });
      return;
    }
    case "salvage":
      covers.push({
        account: null,
        stream: stream ?? "",
        path: "salvaged",
        takenAt: new Date().toISOString(),
        lastSeq: step.arguments.lastSeq ?? 0,
        messages: 0,
        proven: true,
      });
      return;
    case "evacuate":
      await asSystem("$JS.API.SERVER.EVACUATE", { peer: step.target.server });
      return;
    case "move":
      await asSystem(`$JS.API.ACCOUNT.STREAM.MOVE.${step.target.account}.${stream}`, {
        server: step.target.server,
        tags: [],
      });
      return;
    default:
      throw new Error(`no way to do ${step.kind}`);
  }
}
