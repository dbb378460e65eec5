import type { PeerPicture } from "./server-picture.ts";
import { isSeen } from "./unseen.ts";

/** How many members of a Raft group must be there to elect a leader and to store anything: more than half of all, dead ones too. */
export function quorumOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** How many members a group can lose and still go on. */
export function slackOf(size: number, alive: number): number {
  return alive - quorumOf(size);
}

/** A leader that has not heard a member for so long no longer counts on it; the servers' own figure. */
const contactLostMs = 10_000;

/** Whether the group's leader has heard from a member lately, be it behind or not; undefined: nobody told. */
export function inContact({ standing }: PeerPicture): boolean | undefined {
  if (!isSeen(standing)) return undefined;
  if (standing.offline) return false;
  // A member that is behind is not "current", and votes all the same. One just elected has not heard everyone yet.
  return standing.current || (standing.activeMs !== null && standing.activeMs < contactLostMs);
}

/** Whether a claimed leader has a quorum behind it: itself and the members that it has heard from lately. */
export function hasQuorumBehindIt(
  leader: string,
  peers: readonly PeerPicture[],
  quorum = quorumOf(peers.length),
): boolean {
  const followers = peers.filter((peer) => peer.name !== leader && inContact(peer) === true).length;
  return followers + 1 >= quorum;
}
