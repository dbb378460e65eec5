import type { ReplicaPicture, StreamPicture } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import { allStreams, type Check, finding, inEarlier, streamLabel } from "./finding.ts";

/**
 * D9: replicas that do not hold the same, by their own counters. Messages in flight make them differ for a moment, so both looks
 * must say it. Equal counters prove nothing about the content.
 */
export const checkDivergence: Check = {
  id: "D9",
  title: "replicas that differ",
  needs: ["system-account", "two-looks"],
  examine: (picture) => {
    const lost: string[] = [];
    const ahead: string[] = [];
    const unlike: string[] = [];
    for (const stream of allStreams(picture.later)) {
      lost.push(...lostOf(stream));
      const before = inEarlier(picture, stream);
      if (!before || before.leader !== stream.leader) continue;
      const { more, other } = differences(before, stream);
      ahead.push(...more);
      unlike.push(...other);
    }
    return [
      ...finding(
        "D9",
        "critical",
        "A replica has more than its leader: the leader may have been elected with an empty store.",
        ahead,
        "Stop writing to these streams and copy the store directory of the replica that has more, before anything else.",
      ),
      ...finding(
        "D9",
        "critical",
        "Servers found messages of these replicas to be lost.",
        lost,
        "Verify the other replicas, then let this one be copied anew from one that is proven.",
      ),
      ...finding(
        "D9",
        "warning",
        "Replicas with the same last sequence hold different messages.",
        unlike,
        "Read each replica to find which is whole, then let the others be copied anew.",
      ),
    ];
  },
};

function lostOf(stream: StreamPicture): readonly string[] {
  if (!isSeen(stream.replicas)) return [];
  return stream.replicas
    .filter(({ lost }) => lost > 0)
    .map(({ server, lost }) => `${streamLabel(stream)} on ${server}: ${lost} messages`);
}

/**
 * What both looks say. Servers answer one after the other while messages arrive, so a follower that answers later shows more
 * than its leader: what counts is more than the leader has by the second look.
 */
function differences(before: StreamPicture, now: StreamPicture): { readonly more: string[]; readonly other: string[] } {
  const found = { more: [] as string[], other: [] as string[] };
  const leader = replicaOn(now, now.leader);
  const leaderBefore = replicaOn(before, now.leader);
  if (!leader || !leaderBefore || !isSeen(now.replicas)) return found;
  for (const replica of now.replicas) {
    const old = replicaOn(before, replica.server);
    if (!old || replica === leader) continue;
    const sized = replica.state.messages === leader.state.messages;
    const text = `${streamLabel(now)}: ${show(replica, sized)}; leader ${show(leader, sized)}`;
    if (Math.min(old.state.lastSeq, replica.state.lastSeq) > leader.state.lastSeq) found.more.push(text);
    const aligned = replica.state.lastSeq === leader.state.lastSeq && old.state.lastSeq === leaderBefore.state.lastSeq;
    const lasting = (["messages", "firstSeq", "bytes"] as const).some((counter) => {
      const gap = replica.state[counter] - leader.state[counter];
      return gap !== 0 && gap === old.state[counter] - leaderBefore.state[counter];
    });
    if (aligned && lasting) found.other.push(text);
  }
  return found;
}

function replicaOn({ replicas }: StreamPicture, server: StreamPicture["leader"]): ReplicaPicture | undefined {
  return isSeen(replicas) ? replicas.find((replica) => replica.server === server) : undefined;
}

function show({ server, state }: ReplicaPicture, sized: boolean): string {
  const size = sized ? `, ${state.bytes} bytes` : "";
  return `${server} has ${state.messages} messages, ${state.firstSeq} to ${state.lastSeq}${size}`;
}
