import { shortTextList } from "../../cluster/name-list.ts";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { LeftOver } from "./recovery-request.ts";
import { type Failure, streamOfStep } from "./tally.ts";

/** What a recovery may do. */
export interface Allowances {
  /** The accounts that there is a session of. */
  readonly accounts: { has(account: string): boolean };
  /** Ids of the steps that may be done; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
  /** Ids of the steps that were done in this run: none is done twice. */
  readonly done: ReadonlySet<string>;
  /** Steps that failed in this run, by the key of their stream: of that one nothing more is done. */
  readonly failed?: ReadonlyMap<string, Failure>;
  /** Ids of the steps that a person declined. */
  readonly declined: ReadonlySet<string>;
}

/** What comes next in a plan, and why what is ready is not done. Pure. */
export interface NextStep {
  readonly step: PlanStep | null;
  /** What may be done at the same time as `step`: more of its kind, each of a stream of its own. */
  readonly together: readonly PlanStep[];
  /** What is waited for where nothing can be done: time, or the cluster. */
  readonly wait: PlanStep | null;
  /** All that is waited for, `wait` first. */
  readonly waits: readonly PlanStep[];
  readonly left: readonly LeftOver[];
}

export function nextStep(plan: ClusterPlan, allowances: Allowances): NextStep {
  const left: LeftOver[] = [];
  const ready: PlanStep[] = [];
  const waits: PlanStep[] = [];
  // What is not done because of a failure, by its id: what hangs on it is not done either.
  const held = new Map<string, string>();
  for (const one of plan.steps) {
    const { id, by, kind, state, blockers, after, target } = one;
    const failure = allowances.failed?.get(streamOfStep(target) ?? "");
    const hangs = after.map((before) => held.get(before)).find((before) => before !== undefined);
    if (by === "operator" || blockers.length > 0) {
      const cure = [...new Set(blockers.map((blocker) => blocker.cure))].join(" ");
      const said = shortTextList(
        blockers.map(({ text }) => text),
        blockersSaid,
      );
      left.push({ step: id, text: said || one.why, cure: cure || one.why });
    } else if (failure !== undefined) {
      held.set(id, failure.step);
    } else if (hangs !== undefined) {
      held.set(id, hangs);
      if (kind !== "wait") {
        const text = `${id} was not begun: ${hangs} has to come first, and failed`;
        left.push({ step: id, text, cure: "Mend that, and run the command again: it goes on where it stopped." });
      }
    } else if (kind === "wait") {
      if (state === "waiting" || state === "ready") waits.push(one);
    } else if (state === "ready" && plan.outlook !== "hold") {
      const why = whyNot(one, allowances);
      if (why === null) ready.push(one);
      else left.push({ step: id, ...why });
    }
  }
  const [step = null] = ready;
  const together = step === null ? [] : ready.filter(({ kind }) => kind === step.kind).slice(1, atOnce[step.kind] ?? 1);
  return { step, together, wait: waits[0] ?? null, waits, left };
}

/** Steps of a kind that are done at a time: those that are of one stream each. A server that is lost may have had a thousand streams. */
const atOnce: Readonly<Partial<Record<PlanStep["kind"], number>>> = { "delete-stub": 16, restore: 8, "scale-up": 4 };

/** So many blockers of a step are said: a server may have had hundreds of streams that no backup covers. The plan has all. */
const blockersSaid = 6;

function whyNot({ id, kind, target }: PlanStep, allowances: Allowances): Omit<LeftOver, "step"> | null {
  const { accounts, only, done, declined } = allowances;
  if (only && !only.has(id)) {
    return { text: `${id} is not in the given plan`, cure: "The cluster has changed since: make a new plan." };
  }
  if (declined.has(id)) return { text: `${id} was declined`, cure: "Run the command again to be asked again." };
  if (done.has(id)) {
    return { text: `${id} was done and verified, and is needed again`, cure: "Look why: relight cluster doctor." };
  }
  const ofSystem = target.stream === null || kind === "move" || kind === "cancel-move";
  if (!ofSystem && target.account !== null && !accounts.has(target.account)) {
    return {
      account: target.account,
      text: `${id} was not begun: it needs a credential of account ${target.account}`,
      cure: `Run the command again with one beside the others: --account-context <context> or --account-creds <file> of account ${target.account}.`,
    };
  }
  return null;
}

/** Steps that cannot be taken back, or that decide what is kept: a person is asked once for each. */
const grave: ReadonlySet<PlanStep["kind"]> = new Set(["peer-remove", "delete-stub", "scale-down", "meta-rescue"]);

export const isGrave = ({ kind }: PlanStep): boolean => grave.has(kind);

/** A wait for a server that may come back, or may not: it can be long. */
export const isForServer = ({ id }: Pick<PlanStep, "id">): boolean => id.startsWith("wait:server:");

/** What is left where a wait has taken too long. */
export const leftOf = (wait: PlanStep): LeftOver => ({
  step: wait.id,
  text: wait.why,
  cure: "Wait, and run the command again.",
});
