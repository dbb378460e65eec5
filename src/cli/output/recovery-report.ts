import { styleText } from "node:util";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { recoveryPlaces } from "../../operations/cluster-recovery/recovery-places.ts";
import type { RecoveryEvent, RecoveryOutcome } from "../../operations/cluster-recovery/recovery-request.ts";
import { howToSay, readable, targetOf } from "./cluster-plan.ts";
import { formatSeconds } from "./format-values.ts";

const marks = {
  whole: ["ok", "green"],
  recovered: ["ok", "green"],
  left: ["LEFT", "yellow"],
  failed: ["FAILED", "red"],
  cancelled: ["CANCELLED", "yellow"],
} as const;

const saving: ReadonlySet<PlanStep["kind"]> = new Set(["back-up-first", "salvage"]);

/** How a recovery ended, for a person at night: what was done, what is left and how it is cured, and where it is written down. */
export function renderRecovery(outcome: RecoveryOutcome, color: boolean): string {
  const [mark, paint] = marks[outcome.status];
  const lines = [`${color ? styleText(paint, mark, { validateStream: false }) : mark}  ${outcome.summary}`];
  lines.push(...failureLines(outcome));
  if (outcome.left.length > 0) lines.push("", "Left for a person:");
  for (const { text, cure } of outcome.left) {
    lines.push(`  - ${readable(text)}`);
    if (cure !== text) lines.push(`    ${cure}`);
  }
  const said = howToSay(codesOf(outcome));
  if (said !== null) lines.push(`  ${said}`);
  lines.push("");
  const saved = outcome.steps.some(({ kind, state }) => state === "done" && saving.has(kind));
  if (saved) lines.push(`Backups that were made are in ${recoveryPlaces(outcome.ledger).newBackups}.`);
  if (outcome.steps.length > 0) lines.push(`What was done is in ${outcome.audit}.`);
  lines.push(`Remembered in ${outcome.ledger}.`);
  return `${lines.join("\n")}\n`;
}

/** The summary says what became of one; of several it only names them. */
function failureLines({ status, steps, failed }: RecoveryOutcome): readonly string[] {
  const records = failed.flatMap((id) => steps.findLast((step) => step.id === id) ?? []);
  if (status === "failed" && records.length === 1) return records.map(({ error }) => `     ${error?.hint}`);
  return records.flatMap(({ id, error }) => [`  - ${id}: ${error?.message}`, `    ${error?.hint}`]);
}

/** What blocks the steps that are left, by the blockers' codes. */
function codesOf({ left, plan }: RecoveryOutcome): ReadonlySet<string> {
  const steps = (plan?.steps ?? []).filter(({ id }) => left.some(({ step }) => step === id));
  return new Set(
    steps.flatMap(({ kind, blockers, arguments: { fewerWillDo } }) => [
      ...(fewerWillDo ? [kind] : []),
      ...blockers.map(({ code }) => code),
    ]),
  );
}

/**
 * What goes on, line by line on stderr: one line for each step as it begins and ends, and, on a terminal, what it still lacks on a
 * line that is redrawn.
 */
export class RecoveryProgress implements Disposable {
  readonly #target: NodeJS.WriteStream;
  readonly #live: boolean;
  #drawn = false;
  #said = 0;
  #planned = false;
  readonly #known = new Set<string>();

  constructor(target: NodeJS.WriteStream, live: boolean) {
    this.#target = target;
    this.#live = live && target.isTTY === true && process.env.TERM !== "dumb";
  }

  take(event: RecoveryEvent): void {
    switch (event.kind) {
      case "looking":
        if (event.waitMs > 1_000) this.#line(`looking again in ${Math.ceil(event.waitMs / 1000)} s`);
        return;
      case "waiting": {
        const { step, giveUpMs } = event;
        // A moment's wait, as for an election after each step, is nothing to be told of.
        if (step.until === null && step.verify.giveUpMs <= 30_000 && !this.#live) return;
        const until = step.until === null ? "" : `, until ${clock(step.until)} at most`;
        this.#line(`waiting${until} (for ${formatSeconds(Math.ceil(giveUpMs / 1000))} in all): ${readable(step.why)}`);
        return;
      }
      case "step-begun":
        this.#line(`${name(event.step)} ...`);
        this.#said = Date.now();
        return;
      case "progress":
        this.#progress(`${name(event.step)}, ${formatSeconds(event.seconds)}: ${event.text}`);
        return;
      case "changed":
        this.#line(`looking again: ${event.changes.join("; ")}`);
        return;
      case "step-ended": {
        const { state, seconds, error } = event.step;
        const end = state === "done" ? "done" : state === "failed" ? `FAILED: ${error?.message}` : "cancelled";
        this.#line(`${name(event.step)}: ${end} (${formatSeconds(seconds)})`);
        return;
      }
      case "planned": {
        const fresh = event.plan.steps.filter(({ id, kind }) => kind !== "wait" && !this.#known.has(id));
        for (const { id } of event.plan.steps) this.#known.add(id);
        // The first one that is more than a wait is shown as a whole.
        if (this.#planned && fresh.length > 0) this.#line(`now planned: ${listed(fresh)}`);
        this.#planned ||= event.plan.outlook !== "wait";
        return;
      }
    }
  }

  /** Removes the line that is redrawn. */
  clear(): void {
    if (this.#drawn) this.#target.write("\r\x1b[K");
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #line(text: string): void {
    this.clear();
    this.#target.write(`${clock(new Date().toISOString())}  ${text}\n`);
  }

  #progress(text: string): void {
    if (this.#live) {
      const width = Math.max(20, (this.#target.columns ?? 80) - 1);
      this.#target.write(`\r\x1b[K${text.length > width ? `${text.slice(0, width - 1)}…` : text}`);
      this.#drawn = true;
    } else if (Date.now() - this.#said > 5_000) {
      this.#line(text);
      this.#said = Date.now();
    }
  }
}

/** Of hundreds, as after a server with many streams was removed, the first ones. */
function listed(steps: readonly PlanStep[]): string {
  const more = steps.length - 8;
  const some = (more > 0 ? steps.slice(0, 8) : steps).map(name).join(", then ");
  return more > 0 ? `${some}, and ${more} more` : some;
}

const name = (step: Pick<PlanStep, "id" | "kind" | "target">): string => `${step.kind} ${targetOf(step)}`;
/** "10:42:07", UTC as all times. */
const clock = (time: string): string => time.slice(11, 19);
