import { candidates } from "./candidates.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** Servers that have to be added, each kind once, and which stream needs which. */
export class Spares {
  readonly #view: View;
  readonly #needs = new Map<string, { readonly streams: string[]; readonly refusals: readonly string[] }>();

  constructor(view: View) {
    this.#view = view;
  }

  /**
   * Ids of the steps that have to come before the stream can have `count` replicas besides the retained ones; none: it can.
   * Where it would go on without them, the operator may have accepted that.
   */
  before(stream: StreamStanding, retained: readonly string[], count: number, goesOn: boolean): readonly string[] {
    if (goesOn && this.#view.request.words.withoutSpare) return [];
    const { names, need, refusals } = candidates(this.#view, stream, retained);
    if (names.length >= count) return [];
    const known = this.#needs.get(need);
    if (known) known.streams.push(stream.key);
    else this.#needs.set(need, { streams: [stream.key], refusals });
    return [`add-node:${need}`];
  }

  /** Whether too few living servers can take `count` replicas besides the retained ones. */
  lacks(stream: StreamStanding, retained: readonly string[], count: number): boolean {
    return candidates(this.#view, stream, retained).names.length < count;
  }

  steps(): readonly PlanStep[] {
    return [...this.#needs.entries()].map(([need, { streams, refusals }]) => {
      const some = [...new Set(streams)];
      const named = some.slice(0, 5).join(", ") + (some.length > 5 ? ` and ${some.length - 5} more` : "");
      return makeStep({
        kind: "add-node",
        id: need,
        by: "operator",
        why:
          `too few living servers can take a replica of ${named}: one is needed that is ${need}. Add one, or change the placement, ` +
          "or, where a stream goes on with fewer replicas, accept that.",
        risk: "the meta group grows by one, and its quorum may: remove the dead server right after",
        verify: verifications.memberCurrent,
        undo: "remove it again once nothing is on it",
        evidence: refusals,
      });
    });
  }
}
