import { styleText } from "node:util";
import { shortNameList } from "../../cluster/name-list.ts";
import type { ClusterPlan, Outlook, PlanStep, StepState } from "../../cluster/plan/cluster-plan.ts";
import type { BlindSpot } from "../../cluster/what-is-unseen.ts";
import { formatSeconds } from "./format-values.ts";
import { notSeenLines } from "./not-seen-lines.ts";

/** So many lines of evidence are shown; --json has all. */
const shown = 6;

const outlooks: Readonly<Record<Outlook, { readonly mark: string; readonly color: Color }>> = {
  whole: { mark: "ok", color: "green" },
  act: { mark: "READY", color: "yellow" },
  wait: { mark: "WAITING", color: "yellow" },
  hold: { mark: "HOLD", color: "red" },
  blocked: { mark: "BLOCKED", color: "red" },
};
const stateColors: Readonly<Record<StepState, Color>> = {
  ready: "green",
  later: "gray",
  waiting: "yellow",
  blocked: "red",
};
type Color = "green" | "yellow" | "red" | "gray";
type Paint = (color: Color, text: string) => string;

/** How a person says to this command what a cure asks for, by the blocker's code. */
const sayings: readonly (readonly [codes: RegExp, saying: string])[] = [
  [/^(r1-uncovered|last-copy|survivor-.*|survivors-differ|no-copy)$/, "a backup: --backups <dir>"],
  [/^(r1-uncovered|last-copy|survivor-.*|survivors-differ|no-copy)$/, "may be lost: --release ACCOUNT/STREAM"],
  [/^add-node$/, "fewer replicas will do: --without-spare"],
  [/^inventory-unseen$/, "a further account: --account-context <name> or --account-creds <file>"],
  [/^inventory-unseen$/, "may be lost: --release 'ACCOUNT/*'"],
  [/^(may-come-back|meta-quorum)$/, "will not come back: --gone <server>"],
  [/^(on-purpose|written-since)$/, "is to be restored: --restore ACCOUNT/STREAM"],
  [/^(on-purpose|written-since)$/, "is right as it is now: --accept ACCOUNT/STREAM"],
];

export interface RenderPlanOptions {
  readonly notSeen: readonly BlindSpot[];
  /** The file that was used and added to; null: none. */
  readonly ledger: string | null;
  readonly color: boolean;
  /** It is about to be carried out. */
  readonly applied?: boolean;
  /** How many samples it is made of. Default: two. */
  readonly looks?: 1 | 2;
}

/** A plan for a person at night: what is to be done in which order, then what is left for them; nothing of it is done. */
export function renderClusterPlan(
  plan: ClusterPlan,
  { notSeen, ledger, color, applied, looks = 2 }: RenderPlanOptions,
): string {
  const paint: Paint = (name, text) => (color ? styleText(name, text, { validateStream: false }) : text);
  const { mark, color: markColor } = outlooks[plan.outlook];
  const lines = [`${paint(markColor, mark)}  ${readable(plan.summary)}`];
  const likes = new Likes(plan.steps);
  for (const [index, step] of plan.steps.entries()) {
    if (!likes.isShown(step)) continue;
    lines.push("", ...renderStep(step, index + 1, plan, paint), ...likes.restAfter(step));
  }
  lines.push("", ...(applied ? [] : forAPerson(plan)));
  for (const note of plan.notes) lines.push(`Note: ${readable(note)}`);
  if (plan.steps.length > 0) {
    for (const { text, cure } of plan.hazards) lines.push(`Known fault: ${text}. ${cure}`);
  }
  lines.push(...notSeenLines(notSeen));
  lines.push(`As of ${readable(plan.takenAt)}, ${looks === 1 ? "one look" : "two looks"}.${versions(plan)}`);
  if (applied) return `${lines.join("\n")}\n`;
  lines.push(plan.steps.length === 0 ? "Nothing was changed." : `This is a plan only: nothing was done. ${next(plan)}`);
  if (ledger !== null) lines.push(`Remembered in ${ledger}.`);
  return `${lines.join("\n")}\n`;
}

/** Steps that differ in their stream only: of many, some are shown, and the others named after them. */
class Likes {
  readonly #groups = new Map<string, PlanStep[]>();

  constructor(steps: readonly PlanStep[]) {
    for (const step of steps) {
      const group = this.#groups.get(likeness(step));
      if (group) group.push(step);
      else this.#groups.set(likeness(step), [step]);
    }
  }

  isShown(step: PlanStep): boolean {
    const group = this.#of(step);
    return group.length <= manyAlike || group.indexOf(step) < fewAlike;
  }

  /** Said after the last one that is shown. */
  restAfter(step: PlanStep): readonly string[] {
    const group = this.#of(step);
    if (group.length <= manyAlike || group[fewAlike - 1] !== step) return [];
    const rest = group.slice(fewAlike);
    return [
      "",
      `   ... and ${rest.length} more of ${step.kind}: ${shortNameList(rest.map(targetOf))} (--json has all)`,
    ];
  }

  #of(step: PlanStep): readonly PlanStep[] {
    return this.#groups.get(likeness(step)) ?? [];
  }
}

/** A server that is lost may have had a thousand streams: as many of a kind are shown as a whole, and of more than that so few. */
const manyAlike = 8;
const fewAlike = 2;

function likeness({ kind, state, by, target, blockers }: PlanStep): string {
  // Servers are always shown.
  const server = target.stream === null ? target.server : null;
  return JSON.stringify([kind, state, by, server, target.stream !== null, blockers.map(({ code }) => code)]);
}

/** Whoever has a plan wants to know how it is carried out. */
function next({ outlook }: ClusterPlan): string {
  if (outlook === "act" || outlook === "wait") return "To do it: relight cluster apply, with the same flags.";
  return "Relight can do none of it before that.";
}

function renderStep(step: PlanStep, number: number, plan: ClusterPlan, paint: Paint): readonly string[] {
  const { state, kind, by, why, risk, until, undo, blockers, evidence, after } = step;
  const numbers = after.map((id) => numberOf(plan, id)).filter((one) => one !== null);
  const when =
    until !== null
      ? `, until ${readable(until)}${inTime(until, plan.plannedAt)}`
      : numbers.length > 0
        ? comes(numbers)
        : "";
  const who = by === "operator" ? ", for a person" : "";
  const mark = paint(stateColors[state], state.toUpperCase());
  const lines = [`${number}. ${mark}  ${kind} ${targetOf(step)}${who}${when}`];
  const add = (name: string, text: string): void => void lines.push(`     ${`${name}:`.padEnd(10)} ${readable(text)}`);
  add("Why", why);
  if (risk !== "none") add("Risk", risk);
  for (const [name, text] of particulars(step)) add(name, text);
  const cures = new Set<string>();
  for (const { code, text, cure } of blockers.slice(0, shown)) {
    if (text !== why) add("Blocked", `${text} [${code}]`);
    if (!cures.has(cure)) add("Cure", cure);
    cures.add(cure);
  }
  if (blockers.length > shown) add("Blocked", `by ${blockers.length - shown} more (--json has all)`);
  for (const line of evidence.slice(0, shown)) add("Seen", line);
  if (evidence.length > shown) add("Seen", `${evidence.length - shown} more (--json has all)`);
  if (kind !== "ask" && (state === "ready" || state === "waiting")) add("Done when", step.verify.text);
  if (undo !== null) add("Undo", undo);
  else if (irreversible.has(kind)) add("Undo", "none: there is no way back");
  return lines;
}

const irreversible: ReadonlySet<PlanStep["kind"]> = new Set(["peer-remove", "delete-stub"]);

function* particulars({
  kind,
  arguments: { backup, replicas, quorumNeeded, preferred },
}: PlanStep): Generator<readonly [string, string]> {
  if (backup !== null) yield ["From", backup];
  if (replicas !== null) yield ["Replicas", String(replicas)];
  if (quorumNeeded !== null) yield ["Quorum", String(quorumNeeded)];
  if (preferred !== null) yield [kind === "step-down" ? "Leader" : "To", preferred];
}

/** "n2", "APP/ORDERS", "APP/ORDERS > billing", "APP/ORDERS on n2"; what it is about otherwise is in its id. */
export function targetOf({
  id,
  kind,
  target: { server, account, stream, consumer },
}: Pick<PlanStep, "id" | "kind" | "target">): string {
  if (stream === null) return server ?? id.slice(kind.length + 1);
  const name = `${account}/${stream}${consumer === null ? "" : ` > ${consumer}`}`;
  return server === null ? name : `${name} on ${server}`;
}

/** What only a person can do, once more and in one place. */
function forAPerson({ steps, complete }: ClusterPlan): readonly string[] {
  if (complete) return steps.length === 0 ? [] : ["Left for a person to decide or repair: nothing.", ""];
  const lines = ["Left for a person to decide or repair:"];
  const codes = new Set<string>();
  const likes = new Likes(steps);
  for (const [index, step] of steps.entries()) {
    if (step.by === "relight" && step.blockers.length === 0) continue;
    for (const { code } of step.blockers) codes.add(code);
    if (step.arguments.fewerWillDo) codes.add(step.kind);
    if (!likes.isShown(step)) continue;
    const cures = [...new Set(step.blockers.map(({ cure }) => cure))];
    const what = cures.length > 0 ? cures.join(" ") : step.why;
    lines.push(`  step ${index + 1}, ${step.kind} ${targetOf(step)}: ${readable(what)}`);
    lines.push(...likes.restAfter(step).filter((line) => line !== ""));
  }
  const said = howToSay(codes);
  return [...lines, ...(said === null ? [] : [`  ${said}`]), ""];
}

/** How a person says to a command what the cures of these blockers ask for; null: there is nothing to say. */
export function howToSay(codes: ReadonlySet<string>): string | null {
  const said = sayings.filter(([pattern]) => [...codes].some((code) => pattern.test(code))).map(([, text]) => text);
  return said.length === 0 ? null : `The flags for it: ${[...new Set(said)].join("; ")}.`;
}

function numberOf({ steps }: ClusterPlan, id: string): number | null {
  const index = steps.findIndex((step) => step.id === id);
  return index < 0 ? null : index + 1;
}

function comes(numbers: readonly number[]): string {
  const some =
    numbers.length > manyAlike
      ? `${numbers.slice(0, 3).join(", ")} and ${numbers.length - 3} more`
      : numbers.join(", ");
  return `, after ${numbers.length === 1 ? "step" : "steps"} ${some}`;
}

function inTime(until: string, now: string): string {
  const seconds = (Date.parse(until) - Date.parse(now)) / 1000;
  return seconds > 0 ? ` (in ${formatSeconds(Math.ceil(seconds))})` : "";
}

const versions = ({ versions: seen }: ClusterPlan): string =>
  seen.length > 0 ? ` nats-server ${seen.join(", ")}.` : "";

/** Times in a text as people read them: "2026-11-26 10:31:12 UTC". */
export function readable(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, "$1 $2 UTC");
}
