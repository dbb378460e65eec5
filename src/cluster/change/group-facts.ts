import { RelightError } from "../../errors.ts";
import { keepsUp } from "../keeps-up.ts";
import { nameList } from "../name-list.ts";
import { candidates } from "../plan/candidates.ts";
import type { Blocker, PlanStep } from "../plan/cluster-plan.ts";
import type { StreamStanding } from "../plan/stream-standing.ts";
import type { View } from "../plan/view.ts";
import { isSeen } from "../unseen.ts";
import type { StreamChange } from "./stream-change.ts";

/** How one verb is planned; what speaks against it is added to `blockers`. */
export type PlanVerb<Verb extends StreamChange["verb"]> = (
  view: View,
  stream: StreamStanding,
  change: Extract<StreamChange, { readonly verb: Verb }>,
  blockers: Blocker[],
) => PlanStep;

export const block = (code: string, text: string, cure: string): Blocker => ({ code, text, cure });

/** Why no other server can take a replica; nothing where one can, or where nobody could be asked. */
export function noCandidate(view: View, stream: StreamStanding, drops = ""): readonly Blocker[] {
  if (!isSeen(view.request.picture.later.sight.system)) return [];
  const { names, refusals, need } = candidates(view, stream, stream.group ?? []);
  if (names.length > 0) return [];
  const why = refusals.length > 0 ? ` (${refusals.join("; ")})` : "";
  const which = need === "any server of the cluster" ? "to the cluster" : need;
  return [block("no-candidate", `no other server can take the replica${why}${drops}`, `Add a server ${which}.`)];
}

/** Who would take the replica, for a person. */
export function takers(view: View, stream: StreamStanding): string {
  const { names } = candidates(view, stream, stream.group ?? []);
  return names.length === 0 ? "nobody" : names.length === 1 ? (names[0] ?? "") : `one of ${nameList(names)}`;
}

/** Where a stream is, for a person. */
export const placesOf = ({ key, group, leader }: StreamStanding): string =>
  `${key}: on ${nameList(group ?? [])}${leader === null ? "" : `, ${leader} leads`}`;

/** A member of the stream's group by its name or peer id. */
export function memberOf(
  view: View,
  { key, group, peers }: StreamStanding,
  word: string,
): { readonly server: string; readonly peer: string } {
  const server = [...view.servers.values()].find(({ name, peer }) => name === word || peer === word);
  const peer = peers.find((one) => one.name === word || one.peer === word)?.peer ?? server?.peer;
  const name = server?.name ?? word;
  if (group?.includes(name)) return { server: name, peer: peer ?? "" };
  throw new RelightError("USAGE", `${word} has no part in ${key}`, {
    hint: group === null ? "Nobody knows where it lives." : `It is on ${nameList(group)}.`,
  });
}

/** The replicas that answer and have all that the leader has, the leader too; where servers cannot be asked, by the leader's word. */
export function keepingUp(view: View, { peers, alive, leader, group }: StreamStanding): readonly string[] {
  const asked = isSeen(view.request.picture.later.sight.system);
  const answers = (name: string): boolean => !asked || alive.includes(name);
  if (peers.length === 0) return (group ?? []).filter(answers);
  return peers.flatMap(({ name, standing }) => {
    if (name === null || !answers(name)) return [];
    return name === leader || (isSeen(standing) && keepsUp(standing)) ? [name] : [];
  });
}
