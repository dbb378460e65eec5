import type { Sample } from "../../cluster/picture.ts";
import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import { isSeen } from "../../cluster/unseen.ts";
import type { LeftOver } from "./recovery-request.ts";
import { unheardAccounts, whatChanged } from "./what-changed.ts";

/**
 * How long a cluster is looked at again in which something happened that nothing may be done about yet, in ms. A server that died is
 * heard of by its leader for 10 s more, a leader that was cut off claims to lead for 24 s, and the older of two looks is 12 s old.
 */
export const patienceMs = 45_000;

/** Tells a moment in which a cluster loses something, as every cluster may while it is recovered, from a state that only a person can end. */
export class Patience {
  #since: number | null = null;
  /** The last look in which something could be done, or nothing was to do. */
  #calm: Sample | null = null;

  /**
   * Judges a plan and the look that it was made from. `settled`: it may be gone by. `wait`: look again, nothing else. `over`: it did
   * not settle in time.
   */
  judge(plan: ClusterPlan, sample: Sample, nowMs = Date.now()): "settled" | "wait" | "over" {
    // Whoever has never seen the servers' answers has a wrong credential, or none.
    if (this.#calm === null && !isSeen(sample.sight.system)) return "over";
    const leaderless = isSeen(sample.meta) && sample.meta.leader === null;
    // Where the meta group had a leader a moment ago, it is elected anew: no reason for what is done where it has none.
    const electing = leaderless && this.#calm !== null && isSeen(this.#calm.meta) && this.#calm.meta.leader !== null;
    // So a connection that goes to another server for a moment is no account without a credential.
    const unheard = this.#calm !== null && unheardAccounts(this.#calm, sample).length > 0;
    if (plan.outlook !== "hold" && !electing && !unheard) {
      this.#since = null;
      this.#calm = sample;
      return "settled";
    }
    this.#since ??= nowMs;
    return nowMs - this.#since < patienceMs ? "wait" : plan.outlook === "hold" ? "over" : this.#accept(sample);
  }

  /** What is other than when something could still be done, for a person; empty: it was never otherwise in this run. */
  changes(now: Sample): readonly string[] {
    return this.#calm === null ? [] : whatChanged(this.#calm, now);
  }

  /** The same, as what is left where that is why nothing more may be done. `step`: the last one that was begun. */
  left(now: Sample, step: string | undefined): readonly LeftOver[] {
    const changes = this.changes(now);
    if (changes.length === 0) return [];
    const text = `since ${step === undefined ? "it began" : `the last step (${step})`}: ${changes.join("; ")}`;
    return [{ step: null, text, cure: "Mend that, and run the command again: it goes on where it stopped." }];
  }

  /** What is so for so long is how it is now: the plan says what is to be done then. */
  #accept(sample: Sample): "settled" {
    this.#since = null;
    this.#calm = sample;
    return "settled";
  }
}
