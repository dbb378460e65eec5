import { candidates } from "./candidates.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** Servers that have to be added, each kind once, and which stream needs which. */
export class Spares {
  readonly #view: View;
  readonly #needs = new Map<string, Need>();

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
    const known = this.#needs.get(need) ?? { streams: new Set(), waiting: new Set(), refusals };
    this.#needs.set(need, known);
    known.streams.add(stream.key);
    if (!goesOn) known.waiting.add(stream.key);
    return [`add-node:${need}`];
  }

  /** Whether too few living servers can take `count` replicas besides the retained ones. */
  lacks(stream: StreamStanding, retained: readonly string[], count: number): boolean {
    return candidates(this.#view, stream, retained).names.length < count;
  }

  steps(): readonly PlanStep[] {
    return [...this.#needs.entries()].map(([need, { streams, waiting, refusals }]) => {
      const named = listOf(streams);
      const goOn = [...streams].filter((key) => !waiting.has(key));
      const accept =
        goOn.length === 0
          ? "Add one, or change the placement."
          : `Add one, or change the placement, or accept fewer replicas${waiting.size > 0 ? ` of ${listOf(goOn)}` : ""}.`;
      return makeStep({
        kind: "add-node",
        id: need,
        by: "operator",
        why: `too few living servers can take a replica of ${named}: one is needed that is ${need}. ${accept}`,
        risk: "the meta group grows by one, and its quorum may: remove the dead server right after",
        verify: verifications.memberCurrent,
        undo: "remove it again once nothing is on it",
        evidence: refusals,
        arguments: { fewerWillDo: goOn.length > 0 },
      });
    });
  }
}

interface Need {
  readonly streams: Set<string>;
  /** Those that do not go on without it. */
  readonly waiting: Set<string>;
  readonly refusals: readonly string[];
}

function listOf(keys: Iterable<string>): string {
  const all = [...keys];
  return all.slice(0, 5).join(", ") + (all.length > 5 ? ` and ${all.length - 5} more` : "");
}
