import { judgeStreams } from "../judge-stream.ts";
import type { Picture } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import { allStreams, type Check, type Finding, finding, inEarlier, streamLabel } from "./finding.ts";

/** D7: streams that are short of replicas for good, or stuck in a change. */
export const checkReplicas: Check = {
  id: "D7",
  title: "streams short of replicas, and changes that do not end",
  needs: [],
  examine: (picture) => {
    const findings: Finding[] = [];
    const short = judgeStreams(picture).filter(({ state, settled }) => state === "short" && settled !== false);
    if (short.length > 0) {
      findings.push({
        id: "D7",
        severity: "warning",
        title: "These streams work with fewer replicas than they should have.",
        evidence: short.map(({ account, stream, reason }) => `${streamLabel({ account, name: stream })}: ${reason}`),
        cure: "Bring the missing servers back. Nothing is copied anew by itself while a lost server is still a member.",
      });
    }
    const stuck = stuckChanges(picture);
    if (stuck.length > 0) {
      findings.push({
        id: "D7",
        severity: "warning",
        title: "These changes made no progress between the two looks.",
        evidence: stuck,
        cure: "Look again in a few minutes; if it still waits for the same, its reason says what it lacks.",
      });
    }
    return findings;
  },
};

function stuckChanges(picture: Picture): readonly string[] {
  return allStreams(picture.later).flatMap((stream) => {
    const before = inEarlier(picture, stream)?.desired;
    const { desired } = stream;
    if (!desired || !before || before.description !== desired.description) return [];
    return [`${streamLabel(stream)}: ${desired.description || desired.type}`];
  });
}

/** D8: streams and consumers that nobody leads. /healthz says 200 to that. */
export const checkLeaders: Check = {
  id: "D8",
  title: "streams and consumers without a leader",
  needs: [],
  examine: (picture) => {
    const lost = judgeStreams(picture).filter(
      ({ state, settled }) => ["no-leader", "no-quorum", "gone"].includes(state) && settled !== false,
    );
    const findings: Finding[] = [...ledTwice(picture)];
    if (lost.length > 0) {
      findings.push({
        id: "D8",
        severity: "critical",
        title: "These streams take no messages.",
        evidence: lost.map(({ account, stream, reason }) => `${streamLabel({ account, name: stream })}: ${reason}`),
        cure:
          "Bring their servers back with their disks. Do not remove a server, and do not scale these streams down, before you " +
          "have seen: relight cluster plan.",
      });
    }
    const deadStreams = new Set(lost.map(({ account, stream }) => `${account} ${stream}`));
    const consumers = allStreams(picture.later)
      .filter(({ account, name }) => !deadStreams.has(`${account} ${name}`))
      .flatMap((stream) => {
        const silent = leaderless(stream).filter((name) => {
          const before = inEarlier(picture, stream);
          return before === undefined || leaderless(before).includes(name);
        });
        return silent.map((name) => `${streamLabel(stream)} > ${name}`);
      });
    if (consumers.length > 0) {
      findings.push({
        id: "D8",
        severity: "critical",
        title: "These consumers deliver nothing: nobody leads them.",
        evidence: consumers,
        cure: "Bring their servers back. A consumer with fewer replicas than its stream can be lost while the stream works.",
      });
    }
    return findings;
  },
};

/** A leader that was cut off claims to lead for up to 24 s; what it takes meanwhile it never stores. */
function ledTwice(picture: Picture): readonly Finding[] {
  const claimed = allStreams(picture.later).filter(({ claimants }) => claimants.length > 1);
  return finding(
    "D8",
    "critical",
    "More than one server says that it leads these streams: the network may be split.",
    claimed.map((stream) => `${streamLabel(stream)}: ${stream.claimants.join(" and ")}`),
    "Mend the network, then look again in half a minute. Until one leads, remove nothing and scale nothing.",
  );
}

function leaderless({
  consumers,
}: {
  readonly consumers: ReturnType<typeof allStreams>[number]["consumers"];
}): string[] {
  if (!isSeen(consumers)) return [];
  return consumers.filter(({ leader }) => !isSeen(leader) || leader === null).map(({ name }) => name);
}
