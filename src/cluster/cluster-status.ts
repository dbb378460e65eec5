import { judgeMeta, type MetaVerdict } from "./judge-meta.ts";
import { judgeServer, type ServerVerdict } from "./judge-server.ts";
import { judgeStreams, type StreamState, type StreamVerdict } from "./judge-stream.ts";
import { emptyLedger, type Ledger } from "./ledger.ts";
import { byLight, type Light, worstLight } from "./light.ts";
import type { Picture, Sample } from "./picture.ts";
import { type Regression, regressions } from "./regressions.ts";
import { removedAndBack } from "./removed-and-back.ts";
import { streamIn } from "./stream-in.ts";
import { isSeen, seenOr } from "./unseen.ts";
import { type BlindSpot, whatIsUnseen } from "./what-is-unseen.ts";

/** A stream's verdict, with what a person wants to see beside it. */
export interface StreamStatus extends StreamVerdict {
  readonly light: Light;
  /** R; null: not known. */
  readonly replicas: number | null;
  readonly leader: string | null;
  readonly messages: number | null;
  readonly lastSeq: number | null;
  /** Consumers that nobody leads, or of which nobody told: they deliver nothing. */
  readonly leaderlessConsumers: readonly string[];
}

export interface ClusterStatus {
  readonly light: Light;
  readonly meta: MetaVerdict;
  readonly servers: readonly ServerVerdict[];
  /** What is worst comes first, then by account and name. */
  readonly streams: readonly StreamStatus[];
  /** Servers that were removed and are back under their names, and are no members. */
  readonly returned: readonly string[];
  readonly notSeen: readonly BlindSpot[];
}

const lights: Readonly<Record<StreamState, Light>> = {
  healthy: "green",
  short: "yellow",
  "no-leader": "red",
  "no-quorum": "red",
  gone: "red",
  unknown: "unknown",
};

/** The traffic lights over a picture. Which servers were removed, and that a stream holds less than it did, only the ledger tells. */
export function clusterStatus(picture: Picture, ledger: Ledger = emptyLedger): ClusterStatus {
  const { later } = picture;
  const less = regressions(ledger, picture);
  const meta = judgeMeta(later);
  const servers = later.servers.map((server) => judgeServer(server, later, ledger));
  const streams = judgeStreams(picture).map((verdict) => worseFor(streamStatus(verdict, later), less));
  // A stable sort: within one light they stay in the picture's order.
  streams.sort((a, b) => byLight(a.light, b.light));
  // Without a system credential nothing is known of servers; `notSeen` tells that.
  const blind = !isSeen(later.sight.system);
  const told = [meta, ...servers].filter(({ light }) => !(blind && light === "unknown"));
  const light = worstLight([...told, ...streams].map((verdict) => verdict.light));
  const returned = later.servers.filter((server) => {
    const back = removedAndBack(server, later, ledger);
    return back !== null && back.kind !== "member-again";
  });
  return { light, meta, servers, streams, returned: returned.map(({ name }) => name), notSeen: whatIsUnseen(later) };
}

/** The same creation time and less than it held is a loss, whatever the replicas are like; it may pass while only one look shows it. */
function worseFor(status: StreamStatus, less: readonly Regression[]): StreamStatus {
  const sign = less.find(({ account, stream, kind }) => {
    return account === status.account && stream === status.stream && (kind === "emptied" || kind === "went-back");
  });
  if (sign === undefined || status.light === "red") return status;
  return { ...status, light: sign.certain ? "red" : "yellow", reason: `${sign.text}; ${status.reason}` };
}

function streamStatus(verdict: StreamVerdict, sample: Sample): StreamStatus {
  const stream = streamIn(sample, verdict.account, verdict.stream);
  const state = stream && isSeen(stream.state) ? stream.state : undefined;
  const consumers = stream ? seenOr(stream.consumers, []) : [];
  const leaderless = consumers.filter(({ leader }) => !isSeen(leader) || leader === null).map(({ name }) => name);
  const light = lights[verdict.state];
  // A stream that works is not well where its consumers deliver nothing; one that does not work has no working consumers.
  const worse = leaderless.length > 0 && (light === "green" || light === "yellow");
  return {
    ...verdict,
    reason: worse
      ? `${verdict.reason}; ${leaderless.length} of its consumers ${leaderless.length === 1 ? "has" : "have"} no leader`
      : verdict.reason,
    light: worse ? "red" : light,
    replicas: stream && isSeen(stream.config) ? stream.config.replicas : null,
    leader: stream ? seenOr(stream.leader, null) : null,
    messages: state?.messages ?? null,
    lastSeq: state?.lastSeq ?? null,
    leaderlessConsumers: leaderless,
  };
}

/** Whether a single look says that all is well, so that a second one would tell nothing new. */
export function isPlainlyHealthy(sample: Sample, ledger?: Ledger): boolean {
  const picture: Picture = { format: "relight-cluster-picture", formatVersion: 1, earlier: null, later: sample };
  return clusterStatus(picture, ledger).light === "green";
}
