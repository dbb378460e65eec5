import { setTimeout as sleep } from "node:timers/promises";
import { shortTextList } from "../../cluster/name-list.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { PlanRequest } from "../../cluster/plan/plan-request.ts";
import { type View, viewOf } from "../../cluster/plan/view.ts";
import { RelightError } from "../../errors.ts";
import { judgeStep } from "./judge-step.ts";
import type { Looks } from "./looks.ts";
import { whatChanged } from "./what-changed.ts";

export interface AwaitedEffect {
  readonly step: PlanStep;
  /** What the step was planned from. */
  readonly before: View;
  readonly request: PlanRequest;
  readonly looks: Looks;
  readonly signal: AbortSignal | undefined;
  /** Called with what is still lacking whenever that changes. */
  readonly onLack: (text: string) => void;
}

/** How long the same may be lacking, in ms, where the cluster lost something meanwhile: what was asked for may never come then. */
const struckMs = 20_000;
/** So much of what is lacking is said. */
const shown = 3;

/**
 * Looks again and again until a step has had its effect, in as many looks in a row as it takes to believe it. Gives up when what is
 * lacking has not changed for as long as the step says, or for a shorter time where the cluster lost something meanwhile. Returns what was seen. Throws STEP_UNVERIFIED.
 */
export async function awaitEffect({
  step,
  before,
  request,
  looks,
  signal,
  onLack,
}: AwaitedEffect): Promise<readonly string[]> {
  const { pollMs, giveUpMs, text } = step.verify;
  const began = Date.now();
  let earlier = looks.last ?? (await looks.look());
  let lackedAt = began;
  let lacked = "";
  for (let row = 0; ; ) {
    await sleep(Math.min(pollMs, 500), undefined, signal ? { signal } : {});
    const later = await looks.look();
    const picture = { ...request.picture, earlier, later };
    const { lacks, looks: needed } = judgeStep(step, before, viewOf({ ...request, picture, now: later.takenAt }));
    earlier = later;
    row = lacks.length === 0 ? row + 1 : 0;
    if (row >= needed) return [`${text}: seen after ${((Date.now() - began) / 1000).toFixed(1)} s`];
    const now = lacks.length === 0 ? "" : shortTextList(lacks, shown);
    if (now !== lacked) {
      lacked = now;
      lackedAt = Date.now();
      if (now !== "") onLack(now);
    }
    const stuckMs = Date.now() - lackedAt;
    const struck = whatChanged(before.request.picture.later, later).length > 0;
    const patience = struck ? Math.min(struckMs, giveUpMs) : giveUpMs;
    // What comes and goes for so long is no progress either.
    if (lacks.length > 0 && (stuckMs > patience || Date.now() - began > mostMs(giveUpMs, lacks))) {
      throw new RelightError(
        "STEP_UNVERIFIED",
        `${step.id}: ${shortTextList(lacks, shown)}, for ${Math.round(stuckMs / 1000)} s`,
        {
          context: { step: step.id, lacks },
        },
      );
    }
  }
}

/** A large stream may take hours to be copied, and says so by what it is behind. */
const mostMs = (giveUpMs: number, lacks: readonly string[]): number =>
  lacks.some((lack) => /behind|moving|changing/.test(lack)) ? Number.POSITIVE_INFINITY : 10 * giveUpMs;
