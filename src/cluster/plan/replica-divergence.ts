import type { ReplicaPicture, StreamPicture } from "../picture.ts";
import { seenOr } from "../unseen.ts";

/**
 * Whether the replicas of a stream differ where they should not: that every one is called current proves nothing, as an empty
 * leader over a full replica was seen to be. Both samples have to show it, under the same leader: what is in flight is normal.
 */
export function replicaDivergence(earlier: StreamPicture | null, later: StreamPicture | null): readonly string[] {
  if (later === null) return [];
  const found = new Set(inOne(later));
  for (const { server, lost } of seenOr(later.replicas, [])) {
    if (lost > 0) found.add(`${server} itself says that ${lost} messages of its replica are lost`);
  }
  if (earlier === null) return [...found].filter((text) => text.includes("are lost"));
  const leader = seenOr(later.leader, null);
  const before =
    leader !== null && leader === seenOr(earlier.leader, null) ? new Set(inOne(earlier).map(kindOf)) : new Set();
  return [...found].filter((text) => text.includes("are lost") || before.has(kindOf(text)));
}

function inOne(stream: StreamPicture): readonly string[] {
  const replicas = seenOr(stream.replicas, []);
  const leader = replicas.find(({ server }) => server === seenOr(stream.leader, null));
  if (leader === undefined) return [];
  return replicas.flatMap((replica) => {
    if (replica.server === leader.server) return [];
    const { server, state } = replica;
    if (state.lastSeq > leader.state.lastSeq) {
      return [
        `${server} has more than its leader ${leader.server}: it ends at ${state.lastSeq}, not ${leader.state.lastSeq}`,
      ];
    }
    if (state.lastSeq === leader.state.lastSeq && differs(replica, leader)) {
      return [
        `${server} ends where its leader ${leader.server} does, with ${state.messages} messages, not ${leader.state.messages}`,
      ];
    }
    return [];
  });
}

function differs({ state: a }: ReplicaPicture, { state: b }: ReplicaPicture): boolean {
  return a.messages !== b.messages || a.firstSeq !== b.firstSeq || a.bytes !== b.bytes;
}

/** What is said, without the numbers, which may move between the samples. */
const kindOf = (text: string): string => text.replace(/\d+ messages|(?:at|not) \d+/g, "");
