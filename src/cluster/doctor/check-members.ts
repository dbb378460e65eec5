import type { Ledger } from "../ledger.ts";
import type { Sample } from "../picture.ts";
import { removedAndBack } from "../removed-and-back.ts";
import type { MetaPicture } from "../server-picture.ts";
import { isSeen } from "../unseen.ts";
import { type Check, type Finding, finding } from "./finding.ts";

/** D6: the meta group's members: no leader, ghosts, even sizes, servers that are none. */
export const checkMembers: Check = {
  id: "D6",
  title: "members of the meta group",
  needs: ["system-account"],
  examine: ({ later }, { ledger }) => (isSeen(later.meta) ? findings(later.meta, later, ledger) : []),
};

function findings(meta: MetaPicture, sample: Sample, ledger: Ledger | undefined): readonly Finding[] {
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
  const ghosts = meta.peers.filter(({ name }) => name === null).map(({ peer }) => `peer id ${peer}`);
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
  // Those that are known to have been removed have a check of their own.
  const strangers = sample.servers.filter((server) => removedAndBack(server, sample, ledger)?.kind === "stranger");
  add(
    "critical",
    "These servers run JetStream and are no members of the meta group: they started this moment, or came back after they had been removed.",
    strangers.map(({ name }) => name),
    "Look again in a minute. Those that are still none: stop them, move their store directories away, and start them under new names.",
  );
  return found;
}
