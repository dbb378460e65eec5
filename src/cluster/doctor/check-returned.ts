import { isSeen } from "../unseen.ts";
import type { Check } from "./finding.ts";

/** D14: servers that were removed and are back under their name, which every version takes in another way, and none safely. */
export const checkReturned: Check = {
  id: "D14",
  title: "removed servers that are back under their name",
  needs: ["ledger", "system-account"],
  examine: ({ later }, { ledger }) => {
    const evidence = (ledger?.servers ?? []).flatMap(({ name, removedAt }) => {
      const seen = later.servers.find((server) => server.name === name);
      if (removedAt === null || seen?.answers !== true) return [];
      const { meta } = later;
      const member = isSeen(meta) && isSeen(meta.peers) && meta.peers.some((peer) => peer.name === name);
      return [`${name}: removed on ${removedAt}, ${member ? "a member again" : "answers, and is no member"}`];
    });
    if (evidence.length === 0) return [];
    return [
      {
        id: "D14",
        severity: "critical",
        title: "These servers were removed for good, and are back under their old names.",
        evidence,
        cure: "Stop them. They may come back with a new server_name and an empty store directory only.",
      },
    ];
  },
};
