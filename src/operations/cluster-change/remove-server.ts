import { randomUUID } from "node:crypto";
import { judgeServerRemoval, type ServerRemoval } from "../../cluster/change/server-removal.ts";
import { emptyLedger } from "../../cluster/ledger.ts";
import { shortNameList } from "../../cluster/name-list.ts";
import { defaultGapMs } from "../../cluster/observe/take-picture.ts";
import type { Sample } from "../../cluster/picture.ts";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { defaultThresholds, type OperatorWords, type PlanRequest } from "../../cluster/plan/plan-request.ts";
import { RelightError } from "../../errors.ts";
import { mergeLedgerFile, readLedgerFile } from "../cluster-ledger/ledger-file.ts";
import { AuditLog } from "../cluster-recovery/audit-log.ts";
import { coversOfCluster } from "../cluster-recovery/covers-of-cluster.ts";
import { Looks } from "../cluster-recovery/looks.ts";
import { performStep } from "../cluster-recovery/perform-step.ts";
import { readBackupCovers } from "../cluster-recovery/read-backup-covers.ts";
import { recoverCluster } from "../cluster-recovery/recover-cluster.ts";
import { recoveryPlaces } from "../cluster-recovery/recovery-places.ts";
import type { RecoveryRequest } from "../cluster-recovery/recovery-request.ts";
import { FileLock } from "../files/file-lock.ts";
import { type ChangeOutcome, changeFormat } from "./change-outcome.ts";
import type { ChangeOptions } from "./change-stream.ts";

export interface RemoveServerRequest
  extends Omit<RecoveryRequest, "words" | "only" | "confirm" | "maxWaitMs" | "newBackups"> {
  /** Its name, its peer id, or the name that an unknown member's id follows from. To ask for its removal is the word that it is gone. */
  readonly server: string;
  readonly words: Omit<OperatorWords, "gone">;
  /** Removes it whatever the planner has against it, but for a server that answers. */
  readonly force: boolean;
  readonly dryRun: boolean;
  /** From the first look to the second, in ms. Default 12 s. */
  readonly gapMs?: number | undefined;
  /** Asked once before it is sent, with what becomes of the streams on it. Default: yes. */
  readonly confirm?: ((step: PlanStep, removal: ServerRemoval) => Promise<boolean>) | undefined;
}

/** Between the two looks after a removal, in ms: an R1 stream that is made anew, empty, is there by then. */
const afterwardsGapMs = 3_000;

/**
 * Removes a server from the meta group, by its peer id: looks twice, plans as for a recovery, and sends it only where the plan has
 * the removal as the next thing to do; then waits until all that it had a part in is whole. What else the plan has is left, and named.
 *
 * Throws USAGE (a server that nobody knows), LOCKED, FILE_SYSTEM, CANCELLED before it is sent, and what backups throw.
 */
export async function removeServer(request: RemoveServerRequest, options: ChangeOptions = {}): Promise<ChangeOutcome> {
  const { server: word, system, account, force } = request;
  const { signal, onEvent } = options;
  const words: OperatorWords = { ...request.words, gone: [word] };
  const looksFrom = (earlier: Sample | undefined): Looks =>
    new Looks({
      account: account?.api,
      others: request.others?.map(({ api }) => api),
      system,
      earlier,
      signal,
      onWait: (waitMs) => onEvent?.({ kind: "looking", waitMs }),
    });
  const looks = looksFrom(request.earlier);
  const { planned, plan } = await judge(request, words, looks);
  const removal = judgeServerRemoval(word, planned, plan);
  const { server, step, blockers, absolute, fates } = removal;
  const forced = force && blockers.length > 0 && !absolute;
  const outcome = (
    status: ChangeOutcome["status"],
    summary: string,
    more: Partial<ChangeOutcome> = {},
  ): ChangeOutcome => ({
    ...changeFormat,
    status,
    summary,
    step: step && { ...step, evidence: [...fates, ...step.evidence] },
    blockers,
    forced,
    record: null,
    left: [],
    audit: null,
    ...more,
  });
  if (server === null) throw unknown(word, planned);
  if (!server.member) return outcome("nothing", `${server.name} is no member of the meta group.`);
  if (step === null || (blockers.length > 0 && !forced)) {
    return outcome("refused", `${server.name} is not removed, nothing was touched: ${blockers[0]?.text}.`);
  }
  if (request.dryRun) return outcome("planned", `${server.name} can be removed.`);
  if (request.confirm && !(await request.confirm({ ...step, evidence: [...fates, ...step.evidence] }, removal))) {
    return outcome("declined", "Not done, as you said.");
  }
  const audit = request.audit ?? recoveryPlaces(request.ledger).audit;
  if (forced) {
    const { record, error } = await insist(request, step, planned, looks, options);
    const summary =
      error === null
        ? `${server.name} is removed; verified after ${record.seconds.toFixed(1)} s.`
        : `${error.message}.`;
    return outcome(error === null ? "done" : error.code === "CANCELLED" ? "cancelled" : "failed", summary, {
      record,
      audit,
    });
  }
  const { earlier } = planned.picture;
  const { force: _, dryRun: _dry, gapMs: _gap, confirm: _confirm, server: _server, ...rest } = request;
  // The plan is made anew: what changed while a person thought about it counts.
  const recovered = await recoverCluster(
    { ...rest, words, only: new Set([step.id]), maxWaitMs: 0, ...(earlier === null ? {} : { earlier }) },
    { ...(signal ? { signal } : {}), ...(onEvent ? { onEvent } : {}) },
  );
  const record = recovered.steps.findLast(({ id }) => id === step.id) ?? null;
  const gone = record?.state === "done";
  // What a removal leaves behind is believed where two looks afterwards show it.
  const afterwards = gone
    ? (await judge({ ...request, gapMs: afterwardsGapMs }, words, looksFrom(undefined))).plan
    : recovered.plan;
  const left = leftOf(plan, afterwards, step, request.backups ?? []);
  if (record === null) return outcome("refused", `${server.name} is not removed: ${recovered.summary}`, { left });
  if (recovered.status === "cancelled") return outcome("cancelled", recovered.summary, { record, left, audit });
  if (record.state !== "done") return outcome("failed", `${record.error?.message}.`, { record, left, audit });
  const whole =
    left.length === 0 && removal.lost.length === 0 ? "all that it had a part in" : "what had other replicas";
  // With a backup it is left to be restored; without one it was released.
  const released = left.length === 0 && removal.lost.length > 0;
  const given = released ? `; what ${shortNameList(removal.lost)} held is gone, as you released it` : "";
  const summary = `${server.name} is removed, and ${whole} is whole${given}; verified after ${record.seconds.toFixed(1)} s.`;
  return outcome("done", summary, { record, left, audit });
}

/**
 * What else is to be done, and the command that does it. That lost streams are restored was planned before: what is made in their
 * place may show only some seconds later.
 */
function leftOf(
  before: ClusterPlan,
  afterwards: ClusterPlan | null,
  { id, target }: PlanStep,
  backups: readonly string[],
): readonly string[] {
  const lost = before.steps.filter(({ kind }) => kind === "delete-stub" || kind === "restore");
  const all = new Map([...lost, ...(afterwards?.steps ?? [])].map((one) => [one.id, one]));
  const steps = [...all.values()].filter((one) => one.kind !== "wait" && one.id !== id);
  if (steps.length === 0) return [];
  const given = backups.map((directory) => ` --backups ${directory}`).join("");
  return [
    ...steps.map(({ kind, why }) => `${kind}: ${why}`),
    `To do it: relight cluster apply --gone ${target.server}${given}`,
  ];
}

async function judge(
  request: RemoveServerRequest,
  words: OperatorWords,
  looks: Looks,
): Promise<{ readonly planned: PlanRequest; readonly plan: ClusterPlan }> {
  const { ledger: path, server: word, gapMs = defaultGapMs } = request;
  const found = await readBackupCovers(request.backups ?? []);
  const first = looks.last ?? (await looks.look());
  const asked = { words, thresholds: defaultThresholds };
  // A name that is none is said before anything is waited for.
  const known = (await readLedgerFile(path)) ?? emptyLedger;
  const once: PlanRequest = {
    ...asked,
    picture: { format: "relight-cluster-picture", formatVersion: 1, earlier: null, later: first },
    ledger: known,
    backups: [],
    now: first.takenAt,
  };
  if (judgeServerRemoval(word, once, planCluster(once)).server === null) throw unknown(word, once);
  const picture = await looks.picture(gapMs);
  const ledger = await mergeLedgerFile(path, picture);
  const { covers } = coversOfCluster(found, picture.later);
  const planned: PlanRequest = { ...asked, picture, ledger, backups: covers, now: new Date().toISOString() };
  return { planned, plan: planCluster(planned) };
}

function unknown(word: string, { picture, ledger }: PlanRequest): RelightError {
  const names = [...new Set([...picture.later.servers, ...ledger.servers].map(({ name }) => name))].sort();
  return new RelightError("USAGE", `no server ${word} is known in this cluster`, {
    hint: `It knows ${names.join(", ")}.`,
  });
}

/** Sends a removal that the planner is against, by the operator's word; verified as every other. */
async function insist(
  request: RemoveServerRequest,
  step: PlanStep,
  planned: PlanRequest,
  looks: Looks,
  { signal, onEvent }: ChangeOptions,
): Promise<Pick<Awaited<ReturnType<typeof performStep>>, "record" | "error">> {
  const places = recoveryPlaces(request.ledger);
  await using _ = await FileLock.take(places.lock, { waitMs: 0, what: "this cluster's recovery" });
  const log = await AuditLog.open(request.audit ?? places.audit, randomUUID());
  await log.write({ event: "begun", evidence: [`the operator insists on ${step.id}`] });
  // Awaited here: the lock is given back when this returns.
  return await performStep(step, {
    request: { system: request.system, account: request.account, ledger: request.ledger, tool: request.tool },
    options: { ...(signal ? { signal } : {}), ...(onEvent ? { onEvent } : {}) },
    planned,
    looks,
    log,
    newBackups: places.newBackups,
  });
}
