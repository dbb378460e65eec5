import { peerIdOf } from "../peer-id.ts";
import { hasQuorumBehindIt } from "../quorum.ts";
import type { PeerPicture } from "../server-picture.ts";
import type { Known } from "../unseen.ts";
import type { GroupAnswer, PeerAnswer } from "./server-answers.ts";

/** What one member of a Raft group says of it. */
export interface Testimony {
  readonly server: string;
  readonly group: Pick<GroupAnswer, "leader" | "replicas">;
  /** How many members it needs by its own word, where that is not more than half of them: under a rescue. */
  readonly quorum?: number;
}

export interface GroupPicture {
  readonly leader: string | null;
  readonly claimants: readonly string[];
  readonly peers: Known<readonly PeerPicture[]>;
}

/** How a server calls a peer whose name it has not heard since it started. */
const ghostName = /^Server name unknown/;

/**
 * A Raft group from what its members say. Only a leader knows how the others stand; what a follower says of them means nothing
 * and is left out. A leader with no quorum behind it is none, whatever it says.
 */
export function pictureGroup(testimonies: readonly Testimony[]): GroupPicture {
  const claims = testimonies.filter(({ server, group }) => group.leader === server);
  const claimants = [...new Set(claims.map(({ server }) => server))].sort();
  const led = claims.map(({ server, group, quorum }) => {
    return { server, quorum, peers: peersOfLeader(server, group.replicas ?? []) };
  });
  const effective = led.filter(({ server, peers, quorum }) => hasQuorumBehindIt(server, peers, quorum));
  const [chosen] = effective.length > 0 ? effective : led;
  const leader = effective.length === 1 ? (chosen?.server ?? null) : null;
  if (chosen) return { leader, claimants, peers: chosen.peers };
  return { leader, claimants, peers: peersOfFollowers(testimonies) };
}

function peersOfLeader(leader: string, replicas: readonly PeerAnswer[]): readonly PeerPicture[] {
  const itself: PeerPicture = {
    name: leader,
    peer: peerIdOf(leader),
    standing: { current: true, offline: false, activeMs: null, lag: 0 },
  };
  const others = replicas
    .filter(({ name }) => name !== leader)
    .map((replica): PeerPicture => {
      const { current = false, offline = false, active = 0, lag = 0 } = replica;
      return {
        ...identity(replica),
        standing: { current, offline, activeMs: active > 0 ? Math.round(active / 1e6) : null, lag },
      };
    });
  return byName([itself, ...others]);
}

/** Names only: all that anybody lists, and who speaks, for a member does not always list itself. */
function peersOfFollowers(testimonies: readonly Testimony[]): Known<readonly PeerPicture[]> {
  const peers = new Map<string, PeerPicture>();
  const add = (who: Pick<PeerPicture, "name" | "peer">): void => {
    peers.set(who.peer, { ...who, standing: { unseen: "not-told", detail: "it has no leader who could tell" } });
  };
  for (const { server, group } of testimonies) {
    add({ name: server, peer: peerIdOf(server) });
    for (const replica of group.replicas ?? []) add(identity(replica));
  }
  if (peers.size === 0) return { unseen: "no-answer" };
  return byName([...peers.values()]);
}

function identity({ name, peer }: PeerAnswer): Pick<PeerPicture, "name" | "peer"> {
  if (ghostName.test(name)) return { name: null, peer: peer ?? /peerID: (\w+)/.exec(name)?.[1] ?? "" };
  return { name, peer: peer ?? peerIdOf(name) };
}

/** Ghosts, which have no name, come last. */
function byName(peers: readonly PeerPicture[]): readonly PeerPicture[] {
  const rank = ({ name, peer }: PeerPicture): string => (name === null ? `1${peer}` : `0${name}`);
  return [...peers].sort((a, b) => rank(a).localeCompare(rank(b)));
}
