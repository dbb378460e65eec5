import { setTimeout as sleep } from "node:timers/promises";
import { acceptStreams } from "../../cluster/accept-streams.ts";
import { mergeLedger } from "../../cluster/merge-ledger.ts";
import { defaultGapMs } from "../../cluster/observe/take-picture.ts";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { fewerReplicas } from "../../cluster/plan/fewer-replicas.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { type BackupCover, defaultThresholds, type PlanRequest } from "../../cluster/plan/plan-request.ts";
import { viewOf } from "../../cluster/plan/view.ts";
import { seenOr } from "../../cluster/unseen.ts";
import type { RelightError } from "../../errors.ts";
import { changeLedgerFile, refuseForeignLedger } from "../cluster-ledger/ledger-file.ts";
import type { AuditLog } from "./audit-log.ts";
import { coversOfCluster } from "./covers-of-cluster.ts";
import { committedGapMs, Looks } from "./looks.ts";
import { isGrave, nextStep } from "./next-step.ts";
import { outcomeSummary } from "./outcome-summary.ts";
import { performStep } from "./perform-step.ts";
import type { BackupCovers } from "./read-backup-covers.ts";
import type { LeftOver, RecoveryOptions, RecoveryOutcome, RecoveryRequest, StepRecord } from "./recovery-request.ts";
import { settleRestored } from "./settle-restored.ts";
import { reliedOn, spoiledBackups } from "./spoiled-backups.ts";
import { stillAsked } from "./still-asked.ts";

const defaultMaxWaitMs = 900_000;
/** Steps after which nothing in the cluster is other than before, or of which the meta leader knows nothing. */
const uncommitted: ReadonlySet<PlanStep["kind"]> = new Set(["back-up-first", "salvage", "step-down", "meta-rescue"]);

/** One run of {@link recoverCluster}. */
export class Recovery {
  readonly #request: RecoveryRequest;
  readonly #options: RecoveryOptions;
  readonly #places: { readonly audit: string; readonly newBackups: string };
  readonly #log: AuditLog;
  readonly #looks: Looks;
  readonly #found: BackupCovers;
  readonly #began = new Date();
  readonly #steps: StepRecord[] = [];
  readonly #done = new Set<string>();
  readonly #declined = new Set<string>();
  /** The step that a person agreed to last. */
  #confirmed: string | null = null;
  /** What a person has to look at although no plan says it any more. */
  readonly #asked = new Map<string, LeftOver>();
  #covers: readonly BackupCover[] = [];
  /** Those whose archives were read. */
  readonly #read = new Set<BackupCover>();
  readonly #restored = new Map<string, number>();
  #gapMs = defaultGapMs;
  #plan: ClusterPlan | null = null;
  /** Streams that miss a replica, as the operator accepted. */
  #fewer: string | null = null;

  constructor(
    request: RecoveryRequest,
    options: RecoveryOptions,
    places: { readonly audit: string; readonly newBackups: string },
    log: AuditLog,
    found: BackupCovers,
  ) {
    this.#request = request;
    this.#options = options;
    this.#places = places;
    this.#log = log;
    this.#found = found;
    this.#looks = new Looks({
      account: request.account?.api,
      system: request.system,
      earlier: request.earlier,
      signal: options.signal,
      onWait: (waitMs) => options.onEvent?.({ kind: "looking", waitMs }),
    });
  }

  async run(): Promise<RecoveryOutcome> {
    const { words, occasion } = this.#request;
    const evidence = [JSON.stringify(words), ...(occasion === undefined ? [] : [occasion])];
    await this.#log.write({ event: "begun", evidence });
    const outcome = await this.#go().catch((error: unknown) => {
      if (!this.#options.signal?.aborted) throw error;
      return this.#outcome("cancelled", []);
    });
    await this.#log.write({ event: "ended", outcome: `${outcome.status}: ${outcome.summary}` });
    return outcome;
  }

  async #go(): Promise<RecoveryOutcome> {
    let waitUntil = Date.now() + (this.#request.maxWaitMs ?? defaultMaxWaitMs);
    let waited = "";
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const { plan, planned, account } = await this.#replan();
      const allowances = { account, only: this.#request.only, done: this.#done, declined: this.#declined };
      const { step, wait, left } = nextStep(plan, allowances);
      if (plan.outlook === "hold") return this.#outcome("left", left);
      if (step !== null) {
        waited = "";
        const forbidden = (await this.#request.forbid?.(plan, planned)) ?? null;
        if (forbidden !== null) return this.#outcome("left", [...left, forbidden]);
        if (isGrave(step) && (await this.#dropSpoiled(plan, planned))) continue;
        if (await this.#isDeclined(step, plan)) continue;
        const began = Date.now();
        const error = await this.#perform(step, plan, planned);
        waitUntil += Date.now() - began;
        if (error?.code === "CANCELLED") return this.#outcome("cancelled", left);
        if (error !== null) return this.#outcome(error.code === "PLAN_OUTDATED" ? "left" : "failed", left);
        continue;
      }
      if (wait === null) return this.#outcome(left.length > 0 ? "left" : "recovered", left);
      const giveUpMs = waitUntil - Date.now();
      if (giveUpMs <= 0 || this.#forbids(wait)) return this.#outcome("left", [...left, leftOf(wait)]);
      if (waited !== wait.id) {
        waited = wait.id;
        await this.#log.write({ event: "waiting", step: wait });
        this.#options.onEvent?.({ kind: "waiting", step: wait, giveUpMs });
      }
      await sleep(
        Math.min(1_000, wait.verify.pollMs),
        undefined,
        this.#options.signal ? { signal: this.#options.signal } : {},
      );
    }
  }

  /** Reads each backup that the plan relies on once, before the first step without a way back; true: one is no backup, so plan anew. */
  async #dropSpoiled(plan: ClusterPlan, planned: PlanRequest): Promise<boolean> {
    const unread = reliedOn(plan, viewOf(planned)).filter((cover) => !this.#read.has(cover));
    const spoiled = await spoiledBackups(unread, this.#options.signal);
    for (const cover of unread) this.#read.add(cover);
    for (const { cover, error } of spoiled) {
      this.#covers = this.#covers.filter((one) => one !== cover);
      const step = `backup:${cover.path}`;
      const text = `not counted as a backup: ${error.message}`;
      this.#asked.set(step, { step, text, cure: error.hint });
      await this.#log.write({ event: "planned", outcome: text });
    }
    return spoiled.length > 0;
  }

  /** A wait for a server that a given plan does not have is one that its author has not agreed to. */
  #forbids({ id }: PlanStep): boolean {
    return /^wait:server:/.test(id) && this.#request.only !== undefined && !this.#request.only.has(id);
  }

  async #replan(): Promise<{
    readonly plan: ClusterPlan;
    /** What it was made from. */
    readonly planned: PlanRequest;
    readonly account: string | null;
  }> {
    const picture = await this.#looks.picture(this.#gapMs);
    if (this.#plan === null) this.#covers = coversOfCluster(this.#found, picture.later).covers;
    const ledger = await changeLedgerFile(this.#request.ledger, (known) => {
      refuseForeignLedger(this.#request.ledger, known, picture);
      const { ledger: settled, settled: keys } = settleRestored(known, picture.later, this.#covers);
      for (const key of keys) {
        const text = `${key} was restored by a run that was cut off, and has been written to since`;
        this.#asked.set(`restore:${key}`, {
          step: `restore:${key}`,
          text,
          cure: "See that all of its consumers are there.",
        });
      }
      // Said once, of what was there at the first look.
      const accept = this.#plan === null ? (this.#request.accept ?? []) : [];
      return mergeLedger(accept.length === 0 ? settled : acceptStreams(settled, accept, picture.later), picture);
    });
    const planned: PlanRequest = {
      picture,
      ledger,
      backups: this.#covers,
      words: this.#request.words,
      thresholds: this.#request.thresholds ?? defaultThresholds,
      now: new Date().toISOString(),
    };
    const plan = planCluster(planned);
    const changed = signature(plan) !== (this.#plan === null ? "" : signature(this.#plan));
    this.#plan = plan;
    this.#fewer = fewerReplicas(viewOf(planned));
    if (changed) {
      await this.#log.write({ event: "planned", outcome: plan.summary, evidence: plan.steps.map(shortly) });
      this.#options.onEvent?.({ kind: "planned", plan });
    }
    return { plan, planned, account: seenOr(picture.later.sight.account, null) };
  }

  /** What a person took long to answer is looked at anew before it is done. */
  async #isDeclined(step: PlanStep, plan: ClusterPlan): Promise<boolean> {
    const { confirm } = this.#request;
    if (!confirm || !isGrave(step) || this.#confirmed === step.id) return false;
    if (!(await confirm(step, plan))) this.#declined.add(step.id);
    else this.#confirmed = step.id;
    this.#gapMs = defaultGapMs;
    return true;
  }

  async #perform(step: PlanStep, plan: ClusterPlan, planned: PlanRequest): Promise<RelightError | null> {
    const { record, covers, error } = await performStep(step, {
      request: this.#request,
      options: this.#options,
      planned,
      looks: this.#looks,
      log: this.#log,
      newBackups: this.#places.newBackups,
      restored: this.#restored,
    });
    this.#steps.push(record);
    this.#covers = [...this.#covers, ...covers];
    if (error !== null) return error;
    this.#done.add(step.id);
    for (const one of stillAsked(step, plan)) if (one.step !== null) this.#asked.set(one.step, one);
    this.#gapMs = uncommitted.has(step.kind) ? defaultGapMs : committedGapMs;
    return null;
  }

  #outcome(status: RecoveryOutcome["status"], found: readonly LeftOver[]): RecoveryOutcome {
    const left = [...new Map([...this.#asked, ...found.map((one) => [one.step, one] as const)]).values()];
    const nothing = status === "recovered" && this.#steps.length === 0;
    const settled = status === "recovered" && left.length > 0 ? "left" : nothing ? "whole" : status;
    const seconds = (Date.now() - this.#began.getTime()) / 1000;
    return {
      format: "relight-cluster-recovery",
      formatVersion: 1,
      begunAt: this.#began.toISOString(),
      seconds,
      status: settled,
      summary: outcomeSummary(settled, this.#steps, left, seconds, this.#plan, this.#fewer),
      steps: this.#steps,
      left,
      plan: this.#plan,
      ledger: this.#request.ledger,
      audit: this.#places.audit,
    };
  }
}

const leftOf = (wait: PlanStep): LeftOver => ({
  step: wait.id,
  text: wait.why,
  cure: "Wait, and run the command again.",
});

const shortly = ({ id, state }: PlanStep): string => `${id} ${state}`;
const signature = ({ outlook, steps }: ClusterPlan): string => JSON.stringify([outlook, steps.map(shortly)]);
