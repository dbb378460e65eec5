import { livingPeers } from "../living-peers.ts";
import { quorumOf } from "../quorum.ts";
import { isSeen } from "../unseen.ts";
import { irreplaceable } from "./check-replaceability.ts";
import { allStreams, type Check, streamLabel } from "./finding.ts";

/** So many streams are named. */
const named = 5;

/** D5: what stops working with the next server that fails, and what could not be replaced. */
export const checkSlack: Check = {
  id: "D5",
  title: "what the next failure would stop",
  needs: ["system-account"],
  examine: (picture, { now }) => {
    const { later } = picture;
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
    if (onTheEdge.length > 0) {
      // Which they are is in D7, one by one.
      const some = onTheEdge.slice(0, named).map(streamLabel).join(", ");
      const rest = onTheEdge.length > named ? ` and ${onTheEdge.length - named} more` : "";
      evidence.push(`streams on as few replicas as they need: ${some}${rest}`);
    }
    if (evidence.length === 0) return irreplaceable(picture, now);
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
