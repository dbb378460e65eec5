import type { NatsConnection } from "@nats-io/nats-core";
import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import { defaultThresholds, noWords, type PlanRequest } from "../../cluster/plan/plan-request.ts";
import { viewOf } from "../../cluster/plan/view.ts";
import { mayActUnasked, type Unasked } from "../../cluster/watch/unasked.ts";
import type { Vigil } from "../../cluster/watch/vigil.ts";
import { asRelightError, type ErrorCode } from "../../errors.ts";
import { recoverCluster } from "../cluster-recovery/recover-cluster.ts";
import type { LeftOver, RecoveryOutcome } from "../cluster-recovery/recovery-request.ts";
import { ServerAddresses } from "./server-addresses.ts";
import { signOfLife } from "./sign-of-life.ts";
import type { Proposal, WatchEvent, WatchEyes, WatchOptions, WatchRequest } from "./watch-request.ts";

/** After an attempt that did not end well, it is looked for so long, in ms, before another one. */
const pauseMs = 30_000;
/** How long a recovery that was begun unasked waits for time and servers in all, in ms. */
const maxWaitMs = 120_000;
/** Errors that say nothing of the cluster's state: what is there is looked at again. */
const passing: ReadonlySet<ErrorCode> = new Set([
  "TIMEOUT",
  "CONNECT_FAILED",
  "CONNECTION_LOST",
  "PLAN_OUTDATED",
  "LOCKED",
]);

/** The replacements that a watch makes by itself, one after the other. After one that failed it makes no more. */
export class Replacements {
  readonly #request: WatchRequest;
  readonly #options: WatchOptions;
  /** Steps of the one that was begun and has not ended. */
  #begun: ReadonlySet<string> = new Set();
  readonly #addresses = new ServerAddresses();
  #notBefore = 0;
  #stoodDown = false;
  readonly outcomes: RecoveryOutcome[] = [];

  constructor(request: WatchRequest, options: WatchOptions) {
    this.#request = request;
    this.#options = options;
  }

  /** Called in every look: what will be asked for of a dead server has to be learnt while it lives. */
  async learn(system: NatsConnection | undefined): Promise<void> {
    if (this.#request.auto && system) await this.#addresses.learn(system);
  }

  async judge(plan: ClusterPlan, planned: PlanRequest, vigil: Vigil): Promise<Unasked> {
    // Ended, by whomever: what is lost after that is another case.
    if (plan.outlook === "whole") this.#begun = new Set();
    const signsOfLife = this.#request.auto ? await this.#signsOfLife(plan) : new Map<string, string>();
    return mayActUnasked({ plan, view: viewOf(planned), vigil, signsOfLife, begun: this.#begun });
  }

  async #signsOfLife(plan: ClusterPlan): Promise<ReadonlyMap<string, string>> {
    const signs = new Map<string, string>();
    for (const { kind, target } of plan.steps) {
      if (kind !== "peer-remove" || target.server === null) continue;
      const sign = await signOfLife(target.server, this.#addresses.of(target.server));
      if (sign !== null) signs.set(target.server, sign);
    }
    return signs;
  }

  /** Does what is proposed, where it may; null: it did not begin. */
  async actOn(
    proposal: Proposal,
    { picture }: PlanRequest,
    { system, session, others = [] }: WatchEyes,
    vigil: Vigil,
    backups: readonly string[],
  ): Promise<RecoveryOutcome | null> {
    const { auto, ledger, goneAfterMs, audit, tool } = this.#request;
    if (!auto || this.#stoodDown || ledger === null || !system || picture.earlier === null) return null;
    if (!proposal.unasked.may || Date.now() < this.#notBefore) return null;
    const { plan } = proposal;
    this.#say({ kind: "acting", at: now(), proposal });
    this.#begun = new Set([...this.#begun, ...plan.steps.map(({ id }) => id)]);
    this.#notBefore = Number.POSITIVE_INFINITY;
    try {
      const outcome = await recoverCluster(
        {
          system,
          account: session,
          others,
          words: noWords,
          backups,
          thresholds: { ...defaultThresholds, goneAfterMs },
          ledger,
          earlier: picture.earlier,
          only: this.#begun,
          forbid: (next, planned) => this.#forbid(next, planned, vigil),
          occasion: "unasked, by relight cluster watch --auto",
          maxWaitMs,
          tool,
          ...(audit === undefined ? {} : { audit }),
        },
        {
          signal: this.#options.signal,
          onEvent: (event) => this.#say({ kind: "recovery", at: now(), event }),
        },
      );
      this.#ended(outcome);
      return outcome;
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      const { code, message, hint } = asRelightError(error);
      this.#notBefore = Date.now() + pauseMs;
      if (passing.has(code)) this.#say({ kind: "trouble", at: now(), text: message, hint });
      else this.#standDown(message);
      return null;
    }
  }

  /** Before each step: the rules hold for what is seen now, not for what was seen when it began. */
  async #forbid(plan: ClusterPlan, planned: PlanRequest, vigil: Vigil): Promise<LeftOver | null> {
    const { may, reasons } = await this.judge(plan, planned, vigil);
    if (may) return null;
    const text = `not done unasked any more: ${reasons.map((one) => one.text).join("; ")}`;
    return { step: null, text, cure: "See what is left: relight cluster plan." };
  }

  #ended(outcome: RecoveryOutcome): void {
    this.outcomes.push(outcome);
    this.#say({ kind: "acted", at: now(), outcome });
    this.#notBefore = Date.now() + pauseMs;
    const { status, steps } = outcome;
    if (status === "recovered" || status === "whole" || steps.length === 0) this.#begun = new Set();
    const failed = outcome.failed.flatMap((id) => steps.findLast((step) => step.id === id) ?? []);
    const grave = failed.find(({ error }) => !passing.has(error?.code as ErrorCode));
    if (status !== "failed" || (failed.length > 0 && grave === undefined)) return;
    this.#standDown(`${grave?.id ?? "a step"} failed`);
  }

  #standDown(reason: string): void {
    this.#stoodDown = true;
    this.#say({ kind: "stood-down", at: now(), reason });
  }

  #say(event: WatchEvent): void {
    this.#options.onEvent(event);
  }
}

const now = (): string => new Date().toISOString();
