import type { ReplicaPicture, StreamPicture } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import { allStreams, type Check, type Finding, inEarlier, streamLabel } from "./finding.ts";

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
      const now = differences(stream);
      const then = differences(before);
      const both = (kind: "ahead" | "unlike"): readonly string[] =>
        now[kind].filter(({ server }) => then[kind].some((one) => one.server === server)).map(({ text }) => text);
      ahead.push(...both("ahead"));
      unlike.push(...both("unlike"));
    }
    const finding = (severity: Finding["severity"], title: string, evidence: string[], cure: string): Finding[] =>
      evidence.length === 0 ? [] : [{ id: "D9", severity, title, evidence, cure }];
    return [
      ...finding(
        "critical",
        "A replica has more than its leader: the leader may have been elected with an empty store.",
        ahead,
        "Stop writing to these streams and copy the store directory of the replica that has more, before anything else.",
      ),
      ...finding(
        "critical",
        "Servers found messages of these replicas to be lost.",
        lost,
        "Verify the other replicas, then let this one be copied anew from one that is proven.",
      ),
      ...finding(
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

interface Difference {
  readonly server: string;
  readonly text: string;
}

function differences(stream: StreamPicture): { readonly ahead: Difference[]; readonly unlike: Difference[] } {
  const found = { ahead: [] as Difference[], unlike: [] as Difference[] };
  if (!isSeen(stream.replicas) || !isSeen(stream.leader)) return found;
  const leader = stream.replicas.find(({ server }) => server === stream.leader);
  if (!leader) return found;
  const show = ({ server, state }: ReplicaPicture): string =>
    `${server} has ${state.messages} messages, ${state.firstSeq} to ${state.lastSeq}`;
  for (const replica of stream.replicas) {
    const { server, state } = replica;
    const text = `${streamLabel(stream)}: ${show(replica)}; leader ${show(leader)}`;
    if (state.lastSeq > leader.state.lastSeq) found.ahead.push({ server, text });
    const same = state.messages === leader.state.messages && state.firstSeq === leader.state.firstSeq;
    if (state.lastSeq === leader.state.lastSeq && !same) found.unlike.push({ server, text });
  }
  return found;
}
