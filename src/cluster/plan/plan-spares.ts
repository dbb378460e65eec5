import { groupDigits } from "../../group-digits.ts";
import { isSeen } from "../unseen.ts";
import { candidates, heldBytes } from "./candidates.ts";
import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

interface Need {
  /** The bytes that each holds. */
  readonly streams: Map<string, number>;
  /** Those that do not go on without it. */
  readonly waiting: Set<string>;
  /** Those that no replica is left of: no server answers to a change of their placement. */
  readonly lost: Set<string>;
  /** Servers that the meta leader would fill up with them. */
  readonly cramped: Set<string>;
  readonly refusals: readonly string[];
}

function crampedBlocker(servers: readonly string[], streams: string): Blocker {
  const names = servers.join(", ");
  return {
    code: "no-room",
    text: `${names} would be filled up: the meta leader would place a replica of ${streams} there, and does not ask for what it holds`,
    cure: `Add a server with room, or give ${names} more storage; or make room there and restart it.`,
  };
}

/** Servers that have to be added, each kind once, and which stream needs which. */
export class Spares {
  readonly #view: View;
  readonly #needs = new Map<string, Need>();
  /** Bytes that were counted on for replicas, by server; and for which stream. */
  readonly #promised = new Map<string, number>();
  readonly #places = new Map<string, readonly string[]>();

  constructor(view: View) {
    this.#view = view;
  }

  /**
   * Ids of the steps that have to come before the stream can have `count` replicas besides the retained ones; none: it can.
   * Where it would go on without them, the operator may have accepted that; but not that a server which has no room is filled up.
   */
  before(stream: StreamStanding, retained: readonly string[], count: number, goesOn: boolean): readonly string[] {
    const { key } = stream;
    this.#promise(key, heldBytes(stream), []);
    const { names, cramped, need, refusals } = candidates(this.#view, stream, retained, this.#promised);
    if (names.length >= count) {
      this.#promise(key, heldBytes(stream), names.toSorted((a, b) => this.#free(b) - this.#free(a)).slice(0, count));
      return [];
    }
    if (goesOn && this.#view.request.words.withoutSpare && cramped.length === 0) return [];
    const known = this.#needs.get(need) ?? {
      streams: new Map(),
      waiting: new Set(),
      lost: new Set(),
      cramped: new Set(),
      refusals,
    };
    known.streams.set(key, heldBytes(stream));
    if (!goesOn) known.waiting.add(key);
    if (stream.kind === "lost" || stream.kind === "homeless") known.lost.add(key);
    for (const server of goesOn ? cramped : []) known.cramped.add(server);
    this.#needs.set(need, known);
    return [`add-node:${need}`];
  }

  /** Counts on these servers for the stream's replicas, and on those before no more. */
  #promise(key: string, bytes: number, places: readonly string[]): void {
    const add = (server: string, more: number): void => {
      this.#promised.set(server, (this.#promised.get(server) ?? 0) + more);
    };
    for (const server of this.#places.get(key) ?? []) add(server, -bytes);
    for (const server of places) add(server, bytes);
    this.#places.set(key, places);
  }

  #free(server: string): number {
    const jetstream = this.#view.servers.get(server)?.seen?.jetstream;
    return (jetstream && isSeen(jetstream) ? jetstream.freeStorage : 0) - (this.#promised.get(server) ?? 0);
  }

  /** Whether too few living servers can take `count` replicas besides the retained ones. */
  lacks(stream: StreamStanding, retained: readonly string[], count: number): boolean {
    return candidates(this.#view, stream, retained).names.length < count;
  }

  steps(): readonly PlanStep[] {
    return [...this.#needs.entries()].map(([need, { streams, waiting, lost, cramped, refusals }]) => {
      const bytes = [...streams.values()].reduce((sum, one) => sum + one, 0);
      const room =
        bytes > 0
          ? `, with room for the ${groupDigits(bytes)} bytes that ${streams.size === 1 ? "it holds" : "they hold"}`
          : "";
      const named = listOf(streams.keys());
      const goOn = cramped.size > 0 ? [] : [...streams.keys()].filter((key) => !waiting.has(key));
      const accept =
        goOn.length === 0
          ? lost.size === streams.size
            ? "Add one; or delete by hand what is left of it, and restore it elsewhere: relight stream restore <backup> --tag or --cluster."
            : "Add one, or change the placement."
          : `Add one, or change the placement, or accept fewer replicas${waiting.size > 0 ? ` of ${listOf(goOn)}` : ""}.`;
      return makeStep({
        kind: "add-node",
        id: need,
        by: "operator",
        why: `too few living servers can take a replica of ${named}: one is needed that is ${need}${room}. ${accept}`,
        risk: "the meta group grows by one, and its quorum may: remove the dead server right after",
        blockers: cramped.size === 0 ? [] : [crampedBlocker([...cramped], named)],
        verify: verifications.memberCurrent,
        undo: "remove it again once nothing is on it",
        evidence: refusals,
        arguments: { fewerWillDo: goOn.length > 0 },
      });
    });
  }
}

function listOf(keys: Iterable<string>): string {
  const all = [...keys];
  return all.slice(0, 5).join(", ") + (all.length > 5 ? ` and ${all.length - 5} more` : "");
}
