import { livingPeers } from "../living-peers.ts";
import { quorumOf } from "../quorum.ts";
import { isSeen } from "../unseen.ts";
import { allStreams, type Check, streamLabel } from "./finding.ts";

/** D5: what stops working with the next server that fails. */
export const checkSlack: Check = {
  id: "D5",
  title: "what the next failure would stop",
  needs: ["system-account"],
  examine: ({ later }) => {
    const { meta } = later;
    const evidence: string[] = [];
    if (isSeen(meta) && isSeen(meta.peers)) {
      const up = later.servers.filter(({ name, answers }) => {
        return answers === true && isSeen(meta.peers) && meta.peers.some((peer) => peer.name === name);
      }).length;
      if (up === meta.quorumNeeded && meta.size > 1) {
        evidence.push(`meta group: ${up} of ${meta.size} members are up, and ${up} are needed`);
      }
    }
    const onTheEdge = allStreams(later).filter((stream) => {
      if (!isSeen(stream.peers) || stream.peers.length < 3) return false;
      return livingPeers(stream, later).alive.length === quorumOf(stream.peers.length);
    });
    evidence.push(...onTheEdge.map((stream) => `${streamLabel(stream)}: as many replicas are up as are needed`));
    if (evidence.length === 0) return [];
    return [
      {
        id: "D5",
        severity: "critical",
        title: "One more server that fails stops this.",
        evidence,
        cure: "Bring the missing servers back before anything is restarted, upgraded or moved.",
      },
    ];
  },
};
