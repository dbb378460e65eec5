import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { salvageStep } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { isOffline, isSaved, survivorBlocker, survivors } from "./survivors.ts";
import type { View } from "./view.ts";

/** What has to happen to a stream below its quorum before any dead peer of it may be removed. */
export interface QuorumRescue {
  readonly steps: readonly PlanStep[];
  /** Why its dead peers may not be removed yet. */
  readonly blockers: readonly Blocker[];
}

/**
 * Up to 2.14 a stream below quorum is scaled down to a replica that lives, and only then its dead peers are removed: removed
 * before, up to 2.11, new empty replicas were seen to outvote the one that had the data. And it is scaled down only when every
 * dead peer is flagged offline, since without a leader the server was seen to keep a dead one. From 2.15 on the removal itself
 * makes the survivors drop the dead and elect.
 */
export function planBelowQuorum(view: View, stream: StreamStanding): QuorumRescue {
  const { rules, request } = view;
  const { key } = stream;
  const target = { account: stream.account, stream: stream.name };
  const waiting = stream.dead.filter((name) => view.servers.get(name)?.kind !== "gone");
  if (waiting.length > 0) {
    const text = `${key} is below its quorum, and ${waiting.join(", ")} may still come back`;
    return {
      steps: [],
      blockers: [{ code: "may-come-back", text, cure: "Start it, or say that it is gone: --gone." }],
    };
  }
  const blocker = survivorBlocker(view, stream);
  const furthest = survivors(stream)[0]?.state.lastSeq ?? null;
  const steps: PlanStep[] = [];
  if (!isSaved(view, stream) && stream.settings?.allowDirect && survivors(stream).length > 0)
    steps.push(salvageStep(view, stream));
  if (!rules.scaleDownNeedsOfflineFlag) return { steps, blockers: blocker === null ? [] : [blocker] };

  // What a server that starts has is not known before it is up.
  const starting = stream.alive.filter((name) => view.servers.get(name)?.kind === "starting");
  const unflagged = stream.dead.filter((name) => !isOffline(view, stream, name));
  if (unflagged.length > 0) {
    const since =
      unflagged
        .map((name) => view.servers.get(name)?.silentSince ?? request.now)
        .sort()
        .at(-1) ?? request.now;
    steps.push(
      makeStep({
        kind: "wait",
        id: `offline:${key}`,
        target,
        why: `${unflagged.join(", ")} of ${key} is not called offline yet: scaled down now, the server may keep a dead peer`,
        verify: verifications.offlineFlagged,
        safe: true,
        until: new Date(Date.parse(since) + rules.offlineAfterMs).toISOString(),
      }),
    );
  }
  steps.push(
    makeStep({
      kind: "scale-down",
      id: key,
      target,
      why: `${key} has ${stream.alive.length} of ${stream.group?.length} peers left, and cannot elect; with one replica it can`,
      risk: `until it is scaled up again, ${stream.alive.join(", ")} has its only copy`,
      precondition: [
        condition("one-meta-leader", "one server leads the meta group"),
        condition("offline-flagged", `${stream.dead.join(", ")} is flagged offline`),
        condition("survivor-has-data", `the replica that is left ends at ${furthest ?? "?"}`),
      ],
      after: [...starting.map((name) => `wait:starting:${name}`), ...steps.map(({ id }) => id)],
      verify: verifications.survivorLeads,
      undo: `scale it up to ${stream.wanted} again`,
      blockers: blocker === null ? [] : [blocker],
      arguments: { replicas: 1, lastSeq: furthest },
    }),
  );
  return { steps, blockers: blocker === null ? [] : [blocker] };
}
