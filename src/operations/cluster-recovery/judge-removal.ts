import { keepsUp } from "../../cluster/keeps-up.ts";
import { candidates } from "../../cluster/plan/candidates.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { StreamStanding } from "../../cluster/plan/stream-standing.ts";
import type { View } from "../../cluster/plan/view.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { lessThanBefore } from "./less-than-before.ts";

/**
 * What is still lacking after a server was removed: it is no member, of no group, and what it had a part in is whole. But for peers
 * on other dead servers, which have steps of their own, and for streams that nobody held any more when it was planned: those are
 * restored, and wait for nothing.
 */
export function judgeRemoval({ target }: PlanStep, before: View, now: View): readonly string[] {
  const { server, peer } = target;
  if (server === null) return [];
  const lacks: string[] = [];
  if (now.meta.kind !== "led") return [now.meta.why || "no server leads the meta group"];
  const standing = now.servers.get(server);
  const back = standing?.kind === "alive" || standing?.kind === "starting" || standing?.kind === "disabled";
  if (standing?.member) lacks.push(back ? `${server} is back, and a member` : `${server} is still a member`);
  const given = new Set(
    before.streams.filter(({ kind }) => kind === "lost" || kind === "homeless").map(({ key }) => key),
  );
  const had = new Set(before.streams.filter(({ group }) => group?.includes(server)).map(({ key }) => key));
  for (const stream of now.streams) {
    if (given.has(stream.key) || stream.seen === null) continue;
    // What another death does to it meanwhile no patience mends: the next plan says what is to be done.
    const struck = stream.dead.some((name) => isAnswering(before, name));
    if (stream.peers.some((one) => one.name === server || one.peer === peer))
      lacks.push(`${stream.key} still counts ${server}`);
    else if (had.has(stream.key)) {
      lacks.push(...(struck ? lessThanBefore(stream, before) : streamLacks(stream, before, now)));
    }
    lacks.push(...consumerLacks(stream, server, struck));
  }
  return lacks;
}

function streamLacks(stream: StreamStanding, before: View, now: View): readonly string[] {
  const { key, leader, alive, dead, peers, group, wanted, moving, seen } = stream;
  // Below its quorum because of other dead servers: their removal makes it whole.
  if (leader === null && dead.length > 0) return [];
  if (leader === null) return [`${key} has no leader`];
  const lacks: string[] = [...lessThanBefore(stream, before)];
  if (moving) lacks.push(`${key} is changing${seen?.desired ? `: ${seen.desired.description}` : ""}`);
  for (const { name, standing } of peers) {
    if (alive.includes(name ?? "") && isSeen(standing) && !keepsUp(standing)) {
      lacks.push(`${name} of ${key} is ${standing.lag > 0 ? `${standing.lag} entries behind` : "not current yet"}`);
    }
  }
  const size = group?.length ?? 0;
  // A replica that nobody can take is for the next plan to say.
  if (dead.length === 0 && wanted !== null && size < wanted && candidates(now, stream, group ?? []).names.length > 0) {
    lacks.push(`${key} has ${size} of ${wanted} peers`);
  }
  return lacks;
}

const isAnswering = ({ servers }: View, name: string): boolean =>
  ["alive", "starting"].includes(servers.get(name)?.kind ?? "");

function consumerLacks({ key, seen, leader }: StreamStanding, server: string, struck: boolean): readonly string[] {
  if (seen === null || leader === null) return [];
  return seenOr(seen.consumers, []).flatMap((consumer) => {
    const name = `consumer ${key} > ${consumer.name}`;
    const peers = seenOr(consumer.peers, []);
    if (peers.some((peer) => peer.name === server)) return [`${name} still counts ${server}`];
    if (struck) return [];
    // Whom nobody can ask for has no leader either way; the next plan says what is to be done.
    return isSeen(consumer.leader) && consumer.leader === null && consumer.durable === true
      ? [`${name} has no leader`]
      : [];
  });
}
