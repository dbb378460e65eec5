import { randomUUID } from "node:crypto";
import { planChange } from "../../cluster/change/plan-change.ts";
import type { ChangePlan, StreamChange } from "../../cluster/change/stream-change.ts";
import { emptyLedger } from "../../cluster/ledger.ts";
import { livingPeers } from "../../cluster/living-peers.ts";
import { nameList } from "../../cluster/name-list.ts";
import { defaultGapMs } from "../../cluster/observe/take-picture.ts";
import type { Sample, StreamPicture } from "../../cluster/picture.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { defaultThresholds, noWords, type PlanRequest } from "../../cluster/plan/plan-request.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { mergeLedgerFile, readLedgerFile } from "../cluster-ledger/ledger-file.ts";
import { AuditLog } from "../cluster-recovery/audit-log.ts";
import { Looks } from "../cluster-recovery/looks.ts";
import { performStep } from "../cluster-recovery/perform-step.ts";
import { recoveryPlaces } from "../cluster-recovery/recovery-places.ts";
import type { RecoveryEvent, RecoveryRequest, StepRecord } from "../cluster-recovery/recovery-request.ts";
import { FileLock } from "../files/file-lock.ts";
import { type ChangeOutcome, changeFormat } from "./change-outcome.ts";

export interface ChangeStreamRequest extends Pick<RecoveryRequest, "tool" | "ledger" | "audit"> {
  readonly change: StreamChange;
  readonly account: NonNullable<RecoveryRequest["account"]>;
  /** A connection of the system account; undefined: less is known, and the planner refuses what it cannot judge. */
  readonly system: RecoveryRequest["system"] | undefined;
  /** Makes it whatever speaks against it: the operator's word. */
  readonly force: boolean;
  /** Plans only. */
  readonly dryRun: boolean;
  /** From the first look to the second, in ms. Default: 12 s, and 2 s before a step-down, which loses nothing whatever is wrong. */
  readonly gapMs?: number | undefined;
  /** Asked once before it is made. Default: yes. */
  readonly confirm?: ((plan: ChangePlan) => Promise<boolean>) | undefined;
}

export interface ChangeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: RecoveryEvent) => void) | undefined;
}

const lightGapMs = 2_000;
/** A group that elects by itself may elect the same leader again. */
const elections = 4;

/**
 * Changes the group of one stream: looks twice, refuses what would lose something or leave it half-done, does it, and waits until its
 * effect is seen. Throws STREAM_NOT_FOUND, USAGE (a server that has no part in it), LOCKED, FILE_SYSTEM, CANCELLED before it is sent.
 */
export async function changeStream(request: ChangeStreamRequest, options: ChangeOptions = {}): Promise<ChangeOutcome> {
  const { signal, onEvent } = options;
  const { change, account, system, force } = request;
  const places = recoveryPlaces(request.ledger);
  await using _ = await FileLock.take(places.lock, { waitMs: 0, what: "this cluster's recovery" });
  const looks = new Looks({
    account: account.api,
    system,
    earlier: undefined,
    signal,
    onWait: (waitMs) => onEvent?.({ kind: "looking", waitMs }),
  });
  const planned = await plan(request, looks);
  const changePlan = planChange(planned, change, versionOf(account));
  const { step, blockers } = changePlan;
  const forced = force && blockers.length > 0;
  const outcome = (
    status: ChangeOutcome["status"],
    summary: string,
    record: StepRecord | null = null,
  ): ChangeOutcome => ({
    ...changeFormat,
    status,
    summary,
    step,
    blockers,
    forced,
    record,
    left: [],
    audit: record === null ? null : (request.audit ?? places.audit),
  });
  if (blockers.some(({ code }) => code === "leads-already")) return outcome("nothing", `${blockers[0]?.text}.`);
  if (blockers.length > 0 && !force) return outcome("refused", `Not done, nothing was touched: ${blockers[0]?.text}.`);
  if (request.dryRun) return outcome("planned", `It can be done: ${step.why}.`);
  if (request.confirm && !(await request.confirm(changePlan))) return outcome("declined", "Not done, as you said.");
  const log = await AuditLog.open(request.audit ?? places.audit, randomUUID());
  for (let attempt = 1; ; attempt++) {
    const { record, error } = await performStep(step, {
      // A step-down asks the stream's account only; all else was refused without the system account.
      request: {
        account,
        system: system ?? account.api.connection,
        ledger: request.ledger,
        tool: request.tool,
      },
      options: { ...(signal ? { signal } : {}), ...(onEvent ? { onEvent } : {}) },
      planned,
      looks,
      log,
      newBackups: places.newBackups,
    });
    if (error?.code === "CANCELLED")
      return outcome("cancelled", `Begun, and not waited for: see relight cluster status.`, record);
    if (error !== null) return outcome("failed", `${error.message}.`, record);
    const leader = leaderNow(looks, step);
    const missed = missedLeader(step, leader, planned);
    const left = shortOf(looks, step);
    if (missed === null) return { ...outcome("done", summaryOf(step, leader, record), record), left };
    if (attempt === elections) return outcome("failed", missed, record);
  }
}

const versionOf = ({ api }: ChangeStreamRequest["account"]): string | undefined => api.connection.info?.version;

async function plan({ change, ledger, system, gapMs }: ChangeStreamRequest, looks: Looks): Promise<PlanRequest> {
  const asked = { backups: [], words: noWords, thresholds: defaultThresholds };
  // What is wrong with the names is said before anything is waited for.
  const first = {
    format: "relight-cluster-picture",
    formatVersion: 1,
    earlier: null,
    later: await looks.look(),
  } as const;
  planChange({ ...asked, picture: first, ledger: emptyLedger, now: first.later.takenAt }, change);
  const picture = await looks.picture(gapMs ?? (change.verb === "step-down" ? lightGapMs : defaultGapMs));
  // Half a picture is no baseline.
  const known = system ? await mergeLedgerFile(ledger, picture) : ((await readLedgerFile(ledger)) ?? emptyLedger);
  return { ...asked, picture, ledger: known, now: new Date().toISOString() };
}

/** The step's stream, as its account has it in a look. */
function streamIn(look: Sample | undefined, { target }: PlanStep): StreamPicture | undefined {
  const account = look?.accounts.find(({ name }) => name === target.account);
  return account?.streams.find(({ name }) => name === target.stream);
}

/** Whoever leads the step's stream in the last look. */
function leaderNow({ last }: Looks, step: PlanStep): string | null {
  const stream = streamIn(last, step);
  return stream === undefined ? null : seenOr(stream.leader, null);
}

/** What the stream's group still lacks: a server may have been given a replica that does not answer. */
function shortOf({ last }: Looks, step: PlanStep): readonly string[] {
  const stream = streamIn(last, step);
  if (step.kind === "step-down" || !last || !stream || !isSeen(stream.config)) return [];
  const { alive, down } = livingPeers(stream, last);
  const { replicas } = stream.config;
  if (down.length === 0 && alive.length >= replicas) return [];
  const dead = down.length > 0 ? `; ${nameList(down)} does not answer` : "";
  return [
    `${stream.name} has ${alive.length} of ${replicas} replicas that answer${dead}. See what comes next: relight cluster plan`,
  ];
}

/** Why a step-down did not bring the leader that it should; null: it did. */
function missedLeader(step: PlanStep, leader: string | null, { picture }: PlanRequest): string | null {
  if (step.kind !== "step-down") return null;
  const before = streamIn(picture.later, step);
  const { preferred } = step.arguments;
  if (preferred !== null) return leader === preferred ? null : `${leader ?? "Nobody"} leads now, and not ${preferred}.`;
  return before && leader === seenOr(before.leader, null)
    ? `The group elected ${leader} again, ${elections} times.`
    : null;
}

function summaryOf(step: PlanStep, leader: string | null, { seconds }: StepRecord): string {
  const took = `verified after ${seconds.toFixed(1)} s`;
  const { stream, server } = step.target;
  switch (step.kind) {
    case "step-down":
      return `${leader} leads ${stream} now; ${took}.`;
    case "move":
      return `${stream} is no longer on ${server}, with all that it held; ${took}.`;
    default:
      return `${server} has no part in ${stream} any more; ${took}.`;
  }
}
