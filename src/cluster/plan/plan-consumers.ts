import { type LedgerConsumer, streamKey } from "../ledger.ts";
import { nameList } from "../name-list.ts";
import { quorumOf } from "../quorum.ts";
import { streamIn } from "../stream-in.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { ask } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** Consumers that have all their replicas on one server: their position is lost with it, although their stream lives on. */
export function consumersOn(view: View, stream: StreamStanding, server: string): readonly LedgerConsumer[] {
  const remembered = stream.remembered?.consumers ?? [];
  const seen = stream.seen === null ? [] : seenOr(stream.seen.consumers, []);
  const known = new Map(remembered.map((consumer) => [consumer.name, consumer]));
  for (const consumer of seen) {
    const before = known.get(consumer.name);
    const peers = seenOr(consumer.peers, []).map(({ name, peer }) => name ?? view.servers.get(peer)?.name ?? peer);
    const leader = seenOr(consumer.leader, null);
    known.set(consumer.name, {
      name: consumer.name,
      durable: seenOr(consumer.durable, before?.durable ?? false),
      replicas: seenOr(consumer.replicas, before?.replicas ?? 1),
      servers: peers.length > 0 ? peers : leader !== null ? [leader] : (before?.servers ?? []),
      delivered: seenOr(consumer.delivered, null) ?? before?.delivered ?? null,
      ackFloor: seenOr(consumer.ackFloor, null) ?? before?.ackFloor ?? null,
    });
  }
  return [...known.values()].filter(({ servers }) => servers.length === 1 && servers[0] === server);
}

/** Consumers that nobody leads, or that went back, of streams that are led. */
export function planConsumers(view: View): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  for (const stream of view.streams) {
    if (stream.leader === null || stream.moving || stream.seen === null) continue;
    for (const consumer of seenOr(stream.seen.consumers, [])) {
      if (!isSeen(consumer.leader) || consumer.leader !== null || !leaderlessBefore(view, stream, consumer.name))
        continue;
      const peers = seenOr(consumer.peers, []).map(({ name, peer }) => name ?? peer);
      const alive = peers.filter((name) => view.servers.get(name)?.kind === "alive");
      const target = { account: stream.account, stream: stream.name, consumer: consumer.name };
      const id = `${stream.key} > ${consumer.name}`;
      const known = stream.remembered?.consumers.find(({ name }) => name === consumer.name);
      const floor = known?.ackFloor ?? null;
      if (alive.length >= quorumOf(peers.length) && known?.stepDownAt != null) {
        steps.push(
          ask(
            `consumer:${id}`,
            `consumer ${id} has no leader, also after a step-down, although ${nameList(alive)} answer`,
            `See that they reach each other. Else: ${anew(view, floor)}`,
            target,
          ),
        );
        continue;
      }
      if (alive.length >= quorumOf(peers.length)) {
        steps.push(
          makeStep({
            kind: "step-down",
            id,
            target,
            why: `consumer ${id} has no leader, and delivers nothing`,
            risk: "messages in flight are delivered again",
            precondition: [condition("one-meta-leader", "one server leads the meta group")],
            verify: verifications.leaderStable,
            undo: "none is needed",
          }),
        );
        continue;
      }
      // Its dead peers leave with their server; what is left after that is for a person.
      if (peers.some((name) => view.servers.get(name)?.kind === "gone" && view.servers.get(name)?.member)) continue;
      if (peers.some((name) => view.servers.get(name)?.kind === "silent")) continue;
      steps.push(
        ask(
          `consumer:${id}`,
          `consumer ${id} has no leader, and its peers ${peers.join(", ")} cannot elect one`,
          anew(view, floor),
          target,
        ),
      );
    }
  }
  for (const { kind, account, stream, consumer, text, certain } of view.regressions) {
    if (kind !== "consumer-reset" || consumer === null || !certain) continue;
    const standing = view.standings.get(streamKey(account, stream));
    const floor = standing?.remembered?.consumers.find(({ name }) => name === consumer)?.ackFloor ?? null;
    steps.push(
      ask(
        `consumer:${account}/${stream} > ${consumer}`,
        text,
        `Where messages must not be delivered again: create it again with opt_start_seq ${floor === null ? "?" : floor + 1}.`,
        { account, stream, consumer },
      ),
    );
  }
  return steps;
}

/**
 * How a consumer without a leader gets one. Up to 2.14 another number of replicas builds its group anew, from what one of its servers
 * has; 2.15 answers nothing to that while nobody leads it.
 */
function anew(view: View, floor: number | null): string {
  const again = `reate it again with opt_start_seq ${floor === null ? "behind what was acknowledged" : floor + 1}.`;
  return view.rules.evictsDeadPeers
    ? `Delete it, and c${again}`
    : `Set its num_replicas to 1 and back; else delete it, and c${again}`;
}

/** In the earlier sample too: after a change it takes a consumer some seconds to elect. */
function leaderlessBefore(view: View, stream: StreamStanding, name: string): boolean {
  const before = streamIn(view.request.picture.earlier, stream.account, stream.name);
  const consumer = before === undefined ? undefined : seenOr(before.consumers, []).find((one) => one.name === name);
  return consumer !== undefined && isSeen(consumer.leader) && consumer.leader === null;
}
