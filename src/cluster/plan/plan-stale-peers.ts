import type { PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import type { Spares } from "./plan-spares.ts";
import { ask } from "./simple-steps.ts";
import type { View } from "./view.ts";

/**
 * Peers of streams that are members of nothing any more: removed from the meta group, and left behind in a stream's. Each is
 * taken out of that stream alone, with quorum and a candidate seen first, since older servers drop the peer even when they answer
 * that there is no replacement.
 */
export function planStalePeers(view: View, spares: Spares, before: readonly string[]): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  let previous = before;
  for (const stream of view.streams) {
    if (stream.moving || stream.divergence.length > 0) continue;
    for (const name of stream.dead) {
      const server = view.servers.get(name);
      if (server?.member || server?.kind === "disabled" || stream.peers.length < 2) continue;
      const { key, account } = stream;
      if (stream.leader === null || stream.kind !== "degraded") {
        if (stream.kind === "lost") continue;
        const cure = "Salvage it, scale it down to one replica once the peer is flagged offline, and up again.";
        steps.push(ask(`stale:${key}>${name}`, `${key} waits for ${name}, which was removed from the cluster`, cure));
        continue;
      }
      const removal = makeStep({
        kind: "peer-remove",
        id: `${key}>${name}`,
        target: { server: name, peer: server?.peer ?? null, account, stream: stream.name },
        why: `${name} is no member of the cluster any more, and ${key} still counts it`,
        risk: "without a candidate older servers drop the peer and answer with an error",
        precondition: [
          condition("one-meta-leader", "one server leads the meta group"),
          condition("streams-at-quorum", `${stream.alive.length} of ${stream.group?.length} peers answer without it`),
          condition("candidates", "a living server can take the replica"),
        ],
        after: [...previous, ...spares.before(stream, stream.alive, 1, false)],
        verify: verifications.replicasCurrent,
      });
      const wait = makeStep({
        kind: "wait",
        id: `healed:${key}>${name}`,
        target: { account, stream: stream.name },
        why: `${key} has to be whole before anything else is changed`,
        after: [removal.id],
        verify: verifications.replicasCurrent,
        safe: true,
      });
      steps.push(removal, wait);
      previous = [wait.id];
    }
  }
  return steps;
}
