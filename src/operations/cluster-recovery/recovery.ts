import { setTimeout as sleep } from "node:timers/promises";
import { defaultGapMs } from "../../cluster/observe/take-picture.ts";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { fewerReplicas } from "../../cluster/plan/fewer-replicas.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { defaultThresholds, type PlanRequest } from "../../cluster/plan/plan-request.ts";
import { viewOf } from "../../cluster/plan/view.ts";
import type { RelightError } from "../../errors.ts";
import type { AuditLog } from "./audit-log.ts";
import { BackupsAtHand } from "./backups-at-hand.ts";
import { committedGapMs, Looks } from "./looks.ts";
import { isForServer, isGrave, leftOf, nextStep } from "./next-step.ts";
import { outcomeOf } from "./outcome-of.ts";
import { Patience, patienceMs } from "./patience.ts";
import { performStep } from "./perform-step.ts";
import { performTogether, type TargetOf } from "./perform-together.ts";
import type { BackupCovers } from "./read-backup-covers.ts";
import type { LeftOver, RecoveryOptions, RecoveryOutcome, RecoveryRequest, StepRecord } from "./recovery-request.ts";
import { rememberLook } from "./remember-look.ts";
import { sessionOf, sessionsByAccount } from "./sessions-by-account.ts";
import { stillAsked } from "./still-asked.ts";
import { isAnswer, Tally } from "./tally.ts";
import { whatChanged } from "./what-changed.ts";

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
  readonly #began = new Date();
  readonly #steps: StepRecord[] = [];
  readonly #tally = new Tally();
  readonly #patience = new Patience();
  readonly #declined = new Set<string>();
  /** The step that a person agreed to last. */
  #confirmed: string | null = null;
  /** What a person has to look at although no plan says it any more. */
  readonly #asked = new Map<string, LeftOver>();
  readonly #backups: BackupsAtHand;
  /** By account: names of streams that were restored, with the last sequence of each in its backup. */
  readonly #restored = new Map<string, Map<string, number>>();
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
    this.#backups = new BackupsAtHand(found);
    this.#looks = new Looks({
      account: request.account?.api,
      others: request.others?.map(({ api }) => api),
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
      const { plan, planned } = await this.#replan();
      const { done, failed } = this.#tally;
      const accounts = sessionsByAccount(planned.picture.later, this.#request);
      const allowances = { accounts, only: this.#request.only, done, failed, declined: this.#declined };
      const { step, together, wait, waits, left } = nextStep(plan, allowances);
      const mood = this.#patience.judge(plan, planned.picture.later);
      if (mood === "over" || (mood === "wait" && Date.now() >= waitUntil)) {
        return this.#outcome("left", [...this.#patience.left(planned.picture.later, this.#steps.at(-1)?.id), ...left]);
      }
      if (mood === "wait") {
        this.#gapMs = defaultGapMs;
        const hold = plan.outlook === "hold" ? plan.steps[0] : undefined;
        const what = hold ?? this.#patience.changes(planned.picture.later);
        waited = await this.#wait(what, waited, Math.min(patienceMs, waitUntil - Date.now()));
        continue;
      }
      if (step !== null) {
        waited = "";
        const forbidden = (await this.#request.forbid?.(plan, planned)) ?? null;
        if (forbidden !== null) return this.#outcome("left", [...left, forbidden]);
        if (isGrave(step) && (await this.#dropSpoiled(plan, planned))) continue;
        if (await this.#isDeclined(step, plan)) continue;
        const began = Date.now();
        // Who is asked about each is asked one by one.
        const asked = this.#request.confirm !== undefined && isGrave(step);
        const batch = asked ? [step] : [step, ...together];
        const before = this.#steps.length;
        const failures = await performTogether(batch, (one, targetOf) => this.#perform(one, plan, planned, targetOf));
        this.#steps.push(...inOrderOf(batch, this.#steps.splice(before)));
        waitUntil += Date.now() - began;
        if (failures.some(({ error }) => error.code === "CANCELLED")) return this.#outcome("cancelled", left);
        for (const { step: failed, error } of failures) {
          if (await this.#goesOn(failed, error, planned)) continue;
          return this.#outcome(error.code === "PLAN_OUTDATED" ? "left" : "failed", left);
        }
        continue;
      }
      const giveUpMs = waitUntil - Date.now();
      const idle = wait === null || giveUpMs <= 0 || this.#forbids(wait);
      // What failed may be possible by now; what passes within moments is waited for first.
      if ((idle || isForServer(wait)) && this.#tally.again()) continue;
      if (wait === null) return this.#outcome(left.length > 0 ? "left" : "recovered", left);
      if (idle) return this.#outcome("left", [...left, ...waits.map(leftOf)]);
      waited = await this.#wait(wait, waited, giveUpMs);
    }
  }

  /** Waits a moment, for a step or for what changed to pass; says it where that is another thing than before. Returns what it was. */
  async #wait(what: PlanStep | readonly string[], waited: string, giveUpMs: number): Promise<string> {
    const { signal, onEvent } = this.#options;
    const step = "id" in what ? what : null;
    const id = step?.id ?? String(what);
    if (waited !== id) {
      await this.#log.write(step ? { event: "waiting", step } : { event: "waiting", outcome: id });
      onEvent?.(step ? { kind: "waiting", step, giveUpMs } : { kind: "changed", changes: what as readonly string[] });
    }
    await sleep(Math.min(1_000, step?.verify.pollMs ?? 1_000), undefined, signal ? { signal } : {});
    return id;
  }

  /** Whether a step that failed is no reason to do nothing else. */
  async #goesOn(step: PlanStep, error: RelightError, { picture }: PlanRequest): Promise<boolean> {
    const changes = whatChanged(picture.later, await this.#looks.look());
    const verdict = this.#tally.fail(step, error, changes.length > 0);
    // It may have been done: the next plan tells.
    if (verdict === "look-again") {
      const at = this.#steps.findLastIndex(({ id }) => id === step.id);
      this.#steps[at] = { ...(this.#steps[at] as StepRecord), state: "unknown" };
      this.#options.onEvent?.({ kind: "changed", changes });
    }
    if (verdict !== "go-on" || !isAnswer(error)) this.#gapMs = defaultGapMs;
    return verdict !== "stop";
  }

  /** True: a backup that the plan relies on is none, so plan anew. */
  async #dropSpoiled(plan: ClusterPlan, planned: PlanRequest): Promise<boolean> {
    const spoiled = await this.#backups.dropSpoiled(plan, planned, this.#options.signal);
    this.#ask(spoiled);
    for (const { text } of spoiled) await this.#log.write({ event: "planned", outcome: text });
    return spoiled.length > 0;
  }

  #ask(asked: readonly LeftOver[]): void {
    for (const one of asked) if (one.step !== null) this.#asked.set(one.step, one);
  }

  /** A wait for a server that a given plan does not have is one that its author has not agreed to. */
  #forbids({ id }: PlanStep): boolean {
    return isForServer({ id }) && this.#request.only !== undefined && !this.#request.only.has(id);
  }

  /** A new plan, and what it was made from. */
  async #replan(): Promise<{ readonly plan: ClusterPlan; readonly planned: PlanRequest }> {
    const picture = await this.#looks.picture(this.#gapMs);
    const backups = this.#backups.covers(picture.later);
    const { ledger, settled } = await rememberLook(this.#request.ledger, picture, {
      covers: backups,
      // Said once, of what was there at the first look.
      accept: this.#plan === null ? (this.#request.accept ?? []) : [],
    });
    this.#ask(settled);
    const planned: PlanRequest = {
      picture,
      ledger,
      backups,
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
    return { plan, planned };
  }

  #restoredIn(account: string): Map<string, number> {
    const known = this.#restored.get(account) ?? new Map<string, number>();
    this.#restored.set(account, known);
    return known;
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

  async #perform(
    step: PlanStep,
    plan: ClusterPlan,
    planned: PlanRequest,
    targetOf: TargetOf,
  ): Promise<RelightError | null> {
    const account = sessionOf(step, planned.picture.later, this.#request);
    const { record, covers, error } = await performStep(step, {
      request: { ...this.#request, account },
      ...(account === undefined ? {} : { target: () => targetOf(account) }),
      options: this.#options,
      planned,
      looks: this.#looks,
      log: this.#log,
      newBackups: this.#places.newBackups,
      restored: this.#restoredIn(step.target.account ?? ""),
    });
    this.#steps.push(record);
    this.#backups.add(covers);
    if (error !== null) return error;
    this.#tally.done.add(step.id);
    this.#ask(stillAsked(step, plan));
    this.#gapMs = uncommitted.has(step.kind) ? defaultGapMs : committedGapMs;
    return null;
  }

  #outcome(status: RecoveryOutcome["status"], found: readonly LeftOver[]): RecoveryOutcome {
    return outcomeOf(status, {
      begun: this.#began,
      fewer: this.#fewer,
      steps: this.#steps,
      tally: this.#tally,
      asked: this.#asked,
      found,
      plan: this.#plan,
      ledger: this.#request.ledger,
      audit: this.#places.audit,
    });
  }
}

/** Told in the plan's order, whichever ended first. */
function inOrderOf(batch: readonly PlanStep[], records: readonly StepRecord[]): readonly StepRecord[] {
  return batch.flatMap(({ id }) => records.filter((record) => record.id === id));
}

const shortly = ({ id, state }: PlanStep): string => `${id} ${state}`;
const signature = ({ outlook, steps }: ClusterPlan): string => JSON.stringify([outlook, steps.map(shortly)]);
