import { keepsUp } from "./keeps-up.ts";
import type { Sample } from "./picture.ts";
import { inContact } from "./quorum.ts";
import type { PeerPicture } from "./server-picture.ts";
import type { StreamPicture } from "./stream-picture.ts";
import { isSeen, seenOr } from "./unseen.ts";

export interface LivingPeers {
  /** Names of the peers that are up; a ghost, which has no name, by its id. */
  readonly alive: readonly string[];
  readonly down: readonly string[];
  /** Those of `alive` that do not keep up with their leader. */
  readonly behind: readonly string[];
}

/**
 * Which peers of a stream live. A server's own answer beats what its leader says of it: a leader takes 10 s to miss a follower
 * and minutes to call it offline. Where the servers cannot be asked, the leader's word is what there is.
 */
export function livingPeers(stream: StreamPicture, sample: Sample): LivingPeers {
  const replicas = seenOr(stream.replicas, []);
  const answers = new Map(sample.servers.map((server) => [server.name, server.answers]));
  const lives = (peer: PeerPicture): boolean => {
    const { name } = peer;
    if (name === null) return false;
    if (replicas.some(({ server }) => server === name)) return true;
    const own = answers.get(name);
    if (own !== undefined && isSeen(own)) return own;
    if (name === seenOr(stream.leader, null)) return true;
    return inContact(peer) ?? false;
  };
  if (!isSeen(stream.peers)) return { alive: replicas.map(({ server }) => server), down: [], behind: [] };
  const label = ({ name, peer }: PeerPicture): string => name ?? `an unknown peer (${peer})`;
  const alive = stream.peers.filter(lives);
  // How a follower stands only its leader knows; without one nobody is behind anybody.
  const led = seenOr(stream.leader, null) !== null;
  const behind = led ? alive.filter(({ standing }) => isSeen(standing) && !keepsUp(standing)) : [];
  return {
    alive: alive.map(label),
    down: stream.peers.filter((peer) => !lives(peer)).map(label),
    behind: behind.map(label),
  };
}
