import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { isLasting } from "../../operations/cluster-watch/proposal-signature.ts";
import type { Proposal } from "../../operations/cluster-watch/watch-request.ts";
import { howToSay, readable, targetOf } from "./cluster-plan.ts";

/** So many steps, blockers and reasons are shown; `cluster plan` has all. */
const shown = 5;

export interface ProposalView {
  /** It does by itself what may be done unasked. */
  readonly auto: boolean;
  readonly backups: readonly string[];
}

/** What a watch proposes, in a few lines; why it does not do it by itself, where it is to. None: nothing is to be done. */
export function proposalLines({ plan, unasked }: Proposal, { auto, backups }: ProposalView): readonly string[] {
  const steps = plan.steps.filter(isLasting);
  if (steps.length === 0) return [];
  const lines = steps.slice(0, shown).map(stepLine);
  if (steps.length > shown) lines.push(`and ${steps.length - shown} more: relight cluster plan`);
  const blockers = new Map(steps.flatMap((step) => step.blockers).map((one) => [one.text, one]));
  for (const { text, cure } of [...blockers.values()].slice(0, shown)) {
    lines.push(`blocked: ${readable(text)}`, `  cure: ${readable(cure)}`);
  }
  const codes = new Set(steps.flatMap((step) => step.blockers.map(({ code }) => code)));
  const said = howToSay(codes)?.replace("The flags for it", "The flags of relight cluster apply for it");
  if (said) lines.push(`  ${said}`);
  if (plan.outlook === "act") {
    if (auto && !unasked.may) lines.push(`not done by itself: ${listed(unasked.reasons.map(({ text }) => text))}`);
    const inTime = unasked.reasons.every(({ code }) => code === "not-silent-enough");
    if (!auto || !inTime) lines.push(`to do it: ${applyCommand(steps, backups)}, and the same credentials`);
  }
  return lines;
}

function stepLine(step: PlanStep): string {
  const { kind, state, why, by } = step;
  const who = by === "operator" ? ", for a person" : "";
  // What a person is asked for is said by its blocker, once.
  const text = step.blockers.some((blocker) => blocker.text === why) ? "" : `: ${readable(why)}`;
  return `${state.toUpperCase()}  ${kind} ${targetOf(step)}${who}${text}`;
}

/** What it was concluded from, that a server is gone, is no word that a person has given: they have to give it or wait as long. */
function applyCommand(steps: readonly PlanStep[], backups: readonly string[]): string {
  const gone = steps.flatMap(({ kind, target }) =>
    kind === "peer-remove" && target.stream === null && target.server !== null ? [target.server] : [],
  );
  const words = gone.length > 0 ? ` --gone ${gone.join(" ")}` : "";
  const from =
    backups.length > 0 && steps.some(({ kind }) => kind === "restore") ? ` --backups ${backups.join(" ")}` : "";
  return `relight cluster apply${words}${from}`;
}

function listed(reasons: readonly string[]): string {
  const some = reasons.slice(0, shown).map(readable).join("; ");
  return reasons.length > shown ? `${some}; and ${reasons.length - shown} more` : some;
}
