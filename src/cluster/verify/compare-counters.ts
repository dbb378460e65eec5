import { keepsUp } from "../keeps-up.ts";
import type { Picture, ReplicaPicture, Sample, StreamPicture } from "../picture.ts";
import { streamIn } from "../stream-in.ts";
import { isSeen, seenOr } from "../unseen.ts";
import { type VerifiedReplica, type VerifiedStream, worstOf } from "./verified-stream.ts";

/**
 * What the servers' own counters prove of a stream, from two looks: in one, what is on its way makes them differ. Equal counters
 * do not prove equal content, but differing ones that stay tell of a loss. Pure.
 */
export function compareCounters(picture: Picture, stream: StreamPicture): VerifiedStream {
  const { account, name } = stream;
  const before = streamIn(picture.earlier, account, name);
  const leader = seenOr(stream.leader, null);
  const servers = [...new Set([...peersOf(stream), ...seenOr(stream.replicas, []).map(({ server }) => server)])].sort();
  const replicas = servers.map((server) => judgeReplica(server, stream, before, picture.later));
  const result = { account, stream: name, leader, content: null, replicas };
  const faults = replicas.flatMap(({ server, counters }) => counters.map((text) => `${server} ${text}`));
  const verdict = worstOf(replicas.map((replica) => replica.verdict));
  if (verdict === "damaged") return { ...result, verdict, reason: faults.join("; ") };
  const why = whyUnproven(stream, replicas);
  if (why !== null) return { ...result, verdict: "unproven", reason: why };
  return { ...result, verdict: "proven", reason: "all replicas count the same" };
}

function whyUnproven(stream: StreamPicture, replicas: readonly VerifiedReplica[]): string | null {
  if (stream.claimants.length > 1) return `${stream.claimants.join(" and ")} both claim to lead it`;
  if (seenOr(stream.leader, null) === null) return "nobody leads it";
  if (!isSeen(stream.replicas)) return "the replicas' own counters are told to the system account only";
  const mute = replicas.filter(({ counted }) => counted === null).map(({ server }) => server);
  if (mute.length > 0) return `${mute.join(", ")} did not tell of its replica`;
  const unsettled = replicas.filter(({ verdict }) => verdict === "unproven").map(({ server }) => server);
  return unsettled.length > 0 ? `${unsettled.join(", ")} did not come to rest at what the leader has` : null;
}

function judgeReplica(
  server: string,
  stream: StreamPicture,
  before: StreamPicture | undefined,
  sample: Sample,
): VerifiedReplica {
  const own = replicaOn(stream, server);
  const counted = own
    ? { messages: own.state.messages, firstSeq: own.state.firstSeq, lastSeq: own.state.lastSeq }
    : null;
  const counters: string[] = [];
  if (own && own.lost > 0) counters.push(`says itself that ${own.lost} of its messages are lost`);
  // While a replica is being made, its server may hold nothing of it for a moment; and where its leader does not tell, nobody does.
  const led = replicaOn(stream, seenOr(stream.leader, null) ?? "") !== undefined;
  if (!own && led && answers(sample, server) && before && !replicaOn(before, server)) {
    counters.push("answers, and holds no replica of it");
  }
  const leader = seenOr(stream.leader, null);
  const sameLeader = before !== undefined && leader !== null && leader === seenOr(before.leader, null);
  let settled = isAbreast(stream, server);
  if (own && leader !== null && server !== leader) {
    const now = unlikeLeader(own, replicaOn(stream, leader));
    const then = sameLeader ? unlikeLeader(replicaOn(before, server), replicaOn(before, leader)) : null;
    if (now !== null && then !== null && now.kind === then.kind && now.by === then.by) counters.push(now.text);
    else settled &&= now === null;
  }
  return {
    server,
    verdict: counters.length > 0 ? "damaged" : own && settled ? "proven" : "unproven",
    counted,
    read: null,
    unreadable: [],
    missing: [],
    unlike: [],
    counters,
    notRead: null,
  };
}

interface Unlike {
  readonly kind: string;
  /** By how much: a number that moves is something on its way. */
  readonly by: number;
  readonly text: string;
}

/** How a follower's counters differ from its leader's where they should not; that it is behind is another matter. */
function unlikeLeader(own: ReplicaPicture | undefined, leader: ReplicaPicture | undefined): Unlike | null {
  if (!own || !leader) return null;
  const { state: a } = own;
  const { state: b } = leader;
  const found = (kind: string, by: number, text: string): Unlike => ({ kind, by, text });
  const further = a.lastSeq - b.lastSeq;
  if (further > 0)
    return found("further", further, `ends at ${a.lastSeq}, and its leader ${leader.server} at ${b.lastSeq}`);
  if (further < 0) return null;
  const messages = a.messages - b.messages;
  if (messages !== 0) return found("messages", messages, `counts ${a.messages} messages, and its leader ${b.messages}`);
  const first = a.firstSeq - b.firstSeq;
  if (first !== 0) return found("first", first, `begins at ${a.firstSeq}, and its leader at ${b.firstSeq}`);
  const bytes = a.bytes - b.bytes;
  if (bytes !== 0) return found("bytes", bytes, `counts ${a.bytes} bytes, and its leader ${b.bytes}`);
  return null;
}

function peersOf({ peers, leader }: StreamPicture): readonly string[] {
  const named = seenOr(peers, []).flatMap(({ name, peer }) => [name ?? `the unknown peer ${peer}`]);
  const led = seenOr(leader, null);
  return named.length > 0 || led === null ? named : [led];
}

function replicaOn(stream: StreamPicture, server: string): ReplicaPicture | undefined {
  return seenOr(stream.replicas, []).find((replica) => replica.server === server);
}

function answers(sample: Sample, server: string): boolean {
  return sample.servers.some(({ name, answers }) => name === server && answers === true);
}

/** Whether a follower has all that its leader has, but for what is on its way; what is not told counts as yes. */
function isAbreast({ peers }: StreamPicture, server: string): boolean {
  const standing = seenOr(peers, []).find(({ name }) => name === server)?.standing;
  return standing === undefined || !isSeen(standing) || keepsUp(standing);
}
