import { livingPeers } from "./living-peers.ts";
import { nameList } from "./name-list.ts";
import type { Picture, Sample } from "./picture.ts";
import { quorumOf, slackOf } from "./quorum.ts";
import type { StreamPicture } from "./stream-picture.ts";
import { isSeen, isUnseen, seenOr } from "./unseen.ts";

export type StreamState =
  /** As many replicas as wanted, all up and current. */
  | "healthy"
  /** It works, with fewer replicas than wanted, or with one that is behind. */
  | "short"
  /** Enough replicas are up, and none leads: an election, or a group that is stuck. Nothing can be written. */
  | "no-leader"
  /** Too few replicas are up to elect a leader; what they hold is still there. Nothing can be written. */
  | "no-quorum"
  /** No living server holds any of it. It comes back with its servers' disks, else only from a backup. */
  | "gone"
  /** It cannot be said; the reason says why. */
  | "unknown";

export interface StreamVerdict {
  readonly account: string;
  readonly stream: string;
  readonly state: StreamState;
  /** One sentence for a person. */
  readonly reason: string;
  /** Peers that are down: by their silence where every server was asked, else by their leader's word. */
  readonly down: readonly string[];
  /** Peers that are up and behind. */
  readonly behind: readonly string[];
  /** Whether the earlier sample says the same; null: there is none. Act on nothing that is not settled. */
  readonly settled: boolean | null;
}

/** The verdicts over every stream of the later sample, in its order. */
export function judgeStreams(picture: Picture): readonly StreamVerdict[] {
  const { earlier, later } = picture;
  return later.accounts.flatMap(({ name, streams }) => {
    const before = earlier?.accounts.find((account) => account.name === name)?.streams ?? [];
    return streams.map((stream): StreamVerdict => {
      const verdict = judgeStream(stream, later);
      const old = before.find((candidate) => candidate.name === stream.name);
      const settled = earlier === null ? null : old !== undefined && judgeStream(old, earlier).state === verdict.state;
      return { ...verdict, settled };
    });
  });
}

type Verdict = Omit<StreamVerdict, "settled">;

/** The state of one stream in one sample. */
export function judgeStream(stream: StreamPicture, sample: Sample): Verdict {
  const { down, behind, alive } = livingPeers(stream, sample);
  const verdict = (state: StreamState, reason: string): Verdict => {
    return { account: stream.account, stream: stream.name, state, reason, down, behind };
  };
  if (stream.claimants.length > 1) {
    return verdict("unknown", `${nameList(stream.claimants)} each say that they lead it: the network may be split`);
  }
  const wanted = isSeen(stream.config) ? stream.config.replicas : undefined;
  const peers = isSeen(stream.peers) ? stream.peers.length : undefined;
  const holders = alive.length;
  const leader = seenOr(stream.leader, null);
  // A leader whose followers died does not know it for some seconds, and what it takes meanwhile is not stored.
  const bereft = leader !== null && peers !== undefined && holders < quorumOf(peers);
  if (leader !== null && !bereft) return verdict(...judgeLed(stream, { down, behind, wanted, peers }));
  const size = peers ?? wanted;
  // Who answers INFO without a leader is one of its members, so there is at least that one.
  if (holders > 0 && size !== undefined) {
    const have = `${holders} of ${size} replicas ${holders === 1 ? "is" : "are"} up`;
    const silent = down.length > 0 ? `; down: ${nameList(down)}` : "";
    if (holders < quorumOf(size)) {
      return verdict("no-quorum", `${have}, ${quorumOf(size)} are needed${silent}`);
    }
    return verdict("no-leader", `${have} and none of them leads${silent}`);
  }
  return verdict(...judgeUnheld(stream, sample));
}

interface Led {
  readonly down: readonly string[];
  readonly behind: readonly string[];
  readonly wanted: number | undefined;
  readonly peers: number | undefined;
}

/** A stream that has an effective leader, so it can be read and written. */
function judgeLed(stream: StreamPicture, { down, behind, wanted, peers }: Led): readonly [StreamState, string] {
  const faults: string[] = [];
  if (down.length > 0) {
    const last = peers !== undefined && slackOf(peers, peers - down.length) === 0 ? ", it can lose no more" : "";
    faults.push(`${nameList(down)} ${down.length === 1 ? "is" : "are"} down${last}`);
  }
  if (behind.length > 0) faults.push(`${nameList(behind)} ${behind.length === 1 ? "is" : "are"} behind`);
  if (wanted !== undefined && peers !== undefined && peers < wanted) {
    faults.push(`it has ${peers} of ${wanted} replicas`);
  }
  const { desired } = stream;
  if (desired) faults.push(`being changed: ${desired.description || desired.type}`);
  else if (wanted !== undefined && peers !== undefined && peers > wanted) {
    faults.push(`being moved: ${peers} replicas for ${wanted}`);
  }
  if (faults.length > 0) return ["short", faults.join("; ")];
  if (isUnseen(stream.config)) return ["unknown", "it has a leader, and how many replicas it wants was not told"];
  if (stream.config.replicas === 1) return ["healthy", `one replica, on ${seenOr(stream.leader, "?")}`];
  if (isUnseen(stream.peers)) return ["unknown", "it has a leader, and its replicas were not told"];
  return ["healthy", `${stream.config.replicas} replicas, all current`];
}

/** A stream without a leader that nobody living is known to hold. */
function judgeUnheld(stream: StreamPicture, { sight, servers }: Sample): readonly [StreamState, string] {
  const { answer, replicas } = stream;
  if (answer.kind === "offline") {
    return ["gone", "every server that holds it is offline, says the cluster"];
  }
  const mute = servers.filter(({ answers, jetstream }) => {
    return answers === true && isSeen(jetstream) && jetstream.enabled && isUnseen(jetstream.streams);
  });
  if (mute.length > 0) {
    return ["unknown", `it does not answer, and ${nameList(mute.map(({ name }) => name))} did not tell what it holds`];
  }
  if (isSeen(replicas) && replicas.length === 0) {
    const silent = servers.filter(({ answers }) => answers === false).map(({ name }) => name);
    if (silent.length > 0 && isSeen(sight.system)) {
      const where = silent.length === 1 ? silent[0] : `one of ${nameList(silent)}`;
      const quiet = silent.length === 1 ? "does not answer" : "do not answer";
      return ["gone", `it was on ${where}, which ${quiet}; no other server holds any of it`];
    }
    return ["unknown", "every server answers and none of them holds it, though its account lists it"];
  }
  const why = {
    answered: "it answers without saying who holds it",
    timeout: "it does not answer",
    refused: answer.kind === "refused" ? answer.detail : "",
    "not-found": "its account does not list it",
    "not-asked": "its account was not asked",
  }[answer.kind];
  const blind = isUnseen(sight.system) ? "; a system-account credential would show which server it is on" : "";
  return ["unknown", `${why}${blind}`];
}
