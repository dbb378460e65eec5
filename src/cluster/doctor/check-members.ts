import type { Sample } from "../picture.ts";
import type { MetaPicture } from "../server-picture.ts";
import { isSeen } from "../unseen.ts";
import { type Check, type Finding, finding } from "./finding.ts";

/** D6: the meta group's members: no leader, ghosts, even sizes, servers that are none. */
export const checkMembers: Check = {
  id: "D6",
  title: "members of the meta group",
  needs: ["system-account"],
  examine: ({ later }) => (isSeen(later.meta) ? findings(later.meta, later) : []),
};

function findings(meta: MetaPicture, { servers }: Sample): readonly Finding[] {
  const found: Finding[] = [];
  const add = (severity: Finding["severity"], title: string, evidence: readonly string[], cure: string): void => {
    found.push(...finding("D6", severity, title, evidence, cure));
  };
  if (meta.leader === null) {
    add(
      "critical",
      "The meta group has no leader: nothing can be created, moved, healed or removed.",
      [meta.whyNoLeader ?? "nobody says why"],
      "Bring its members back, with their disks. Back up what can still be read before anything else.",
    );
  }
  if (meta.rescue) {
    const evidence = [`${meta.quorumNeeded} of ${meta.size} members are enough for now`];
    add(
      "critical",
      "The quorum of the meta group is lowered by a rescue.",
      evidence,
      "Remove the members that are lost for good.",
    );
  }
  if (!isSeen(meta.peers)) return found;
  const { peers } = meta;
  const ghosts = peers.filter(({ name }) => name === null).map(({ peer }) => `peer id ${peer}`);
  add(
    "warning",
    "The meta group has members that no server knows by name; they count for its quorum.",
    ghosts,
    "Find out whose they are: the id follows from the name. Remove those that will not come back, by their id.",
  );
  add(
    "warning",
    "The meta group has an even number of members: one more that can fail, and none more that may.",
    meta.size % 2 === 0 ? [`${meta.size} members, ${meta.quorumNeeded} are needed`] : [],
    "Remove the member that was to be replaced, or add one.",
  );
  const strangers = servers.filter(
    ({ name, answers, jetstream }) =>
      answers === true && isSeen(jetstream) && jetstream.enabled && !peers.some((peer) => peer.name === name),
  );
  add(
    "critical",
    "These servers run JetStream and are no members of the meta group: they came back after they had been removed.",
    strangers.map(({ name }) => name),
    "Stop them, move their store directories away, and start them under new names.",
  );
  return found;
}
