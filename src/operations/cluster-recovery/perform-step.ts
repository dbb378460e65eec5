import type { Ledger } from "../../cluster/ledger.ts";
import { noteBegun, noteDone } from "../../cluster/note-done.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { BackupCover, PlanRequest } from "../../cluster/plan/plan-request.ts";
import { viewOf } from "../../cluster/plan/view.ts";
import { asRelightError, type ErrorCode, isRelightError, RelightError } from "../../errors.ts";
import { changeLedgerFile } from "../cluster-ledger/ledger-file.ts";
import type { RestoreTarget } from "../stream-restore/restore-plan.ts";
import type { AuditLog } from "./audit-log.ts";
import { awaitEffect } from "./await-effect.ts";
import type { Looks } from "./looks.ts";
import type { RecoveryOptions, RecoveryRequest, StepRecord } from "./recovery-request.ts";
import { carryOut } from "./steps/carry-out.ts";

export interface Performance {
  readonly request: Pick<RecoveryRequest, "system" | "account" | "ledger" | "tool">;
  readonly options: RecoveryOptions;
  readonly planned: PlanRequest;
  readonly looks: Looks;
  readonly log: AuditLog;
  readonly newBackups: string;
  /** Of the streams that were restored so far, with the last sequence that each has in its backup: for those that copy from them. */
  readonly restored?: Map<string, number>;
  /** The account before any of the steps began that are done at the same time: a stream that is being restored answers no list. */
  readonly target?: () => Promise<RestoreTarget>;
}

export interface Performed {
  readonly record: StepRecord;
  readonly covers: readonly BackupCover[];
  readonly error: RelightError | null;
}

/** Errors after which it is not known whether the step was done. */
const ambiguous: ReadonlySet<ErrorCode> = new Set(["TIMEOUT", "CONNECTION_LOST", "CANCELLED"]);
/** Errors of a restore that has sent nothing. */
const untouched: ReadonlySet<ErrorCode> = new Set([
  "RESTORE_REFUSED",
  "PLAN_OUTDATED",
  "STREAM_EXISTS",
  "BACKUP_NOT_FOUND",
  "BACKUP_INVALID",
  "ARCHIVE_DAMAGED",
]);

/** Carries out one step, waits for its effect, and notes it: in the audit log before and after, and in the ledger. Throws FILE_SYSTEM, LOCKED. */
export async function performStep(step: PlanStep, performance: Performance): Promise<Performed> {
  const { request, options, planned, looks, log, newBackups, restored, target } = performance;
  const began = new Date();
  const seconds = (): number => (Date.now() - began.getTime()) / 1000;
  const evidence = [...step.evidence];
  const say = (text: string): void => options.onEvent?.({ kind: "progress", step, text, seconds: seconds() });
  await log.write({ event: "step-begun", step });
  options.onEvent?.({ kind: "step-begun", step });
  const takeBack = await noteBefore(request.ledger, step);
  let covers: readonly BackupCover[] = [];
  let error: RelightError | null = null;
  let sent = false;
  try {
    const view = viewOf(planned);
    const done = await carryOut({
      step,
      view,
      system: request.system,
      account: request.account,
      newBackups,
      restored,
      target,
      tool: request.tool,
      signal: options.signal,
      say,
    });
    sent = true;
    covers = done.covers ?? [];
    evidence.push(...done.evidence);
    const effect = { step, before: view, request: planned, looks, signal: options.signal, onLack: say };
    if (step.verify.done !== "backup-proven") evidence.push(...(await withoutEffect(step, awaitEffect(effect))));
    await changeLedgerFile(request.ledger, (ledger) => noteDone(ledger, step, new Date().toISOString()));
  } catch (thrown) {
    error = options.signal?.aborted
      ? new RelightError("CANCELLED", `${step.id} was cancelled`, { cause: thrown })
      : asRelightError(thrown);
    // A refusal is an answer: it was not done.
    const refused = step.kind === "restore" ? untouched.has(error.code) : !sent && !ambiguous.has(error.code);
    if (refused) await changeLedgerFile(request.ledger, takeBack);
  }
  const record: StepRecord = {
    id: step.id,
    kind: step.kind,
    target: step.target,
    why: step.why,
    risk: step.risk,
    precondition: step.precondition,
    undo: step.undo,
    arguments: step.arguments,
    state: error === null ? "done" : error.code === "CANCELLED" ? "unknown" : "failed",
    begunAt: began.toISOString(),
    seconds: seconds(),
    evidence,
    error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
  };
  await log.write({
    event: error === null ? "step-done" : record.state === "failed" ? "step-failed" : "step-cancelled",
    step,
    evidence,
    outcome: error === null ? "done and verified" : `${error.code}: ${error.message}`,
  });
  options.onEvent?.({ kind: "step-ended", step: record });
  return { record, covers, error };
}

/** A step-down that brought no leader was done all the same: the plan goes on from there. */
async function withoutEffect(step: PlanStep, effect: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await effect;
  } catch (error) {
    if (step.kind !== "step-down" || !isRelightError(error, "STEP_UNVERIFIED")) throw error;
    return [`it brought no leader: ${error.message}`];
  }
}

/** Notes a step before it is sent; returns how that is taken back. */
async function noteBefore(path: string, step: PlanStep): Promise<(ledger: Ledger) => Ledger> {
  const { account, stream, server } = step.target;
  let before: Ledger | undefined;
  await changeLedgerFile(path, (ledger) => {
    before = ledger;
    return noteBegun(ledger, step, new Date().toISOString());
  });
  return (ledger) => ({
    ...ledger,
    servers: ledger.servers.map(
      (one) => before?.servers.find(({ name }) => name === one.name && name === server) ?? one,
    ),
    streams: ledger.streams.map(
      (one) =>
        before?.streams.find(({ account: of, name }) => {
          return of === one.account && name === one.name && of === account && name === stream;
        }) ?? one,
    ),
  });
}
