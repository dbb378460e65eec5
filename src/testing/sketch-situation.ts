import { emptyLedger, type Ledger, type LedgerServer, type LedgerStream } from "../cluster/ledger.ts";
import { peerIdOf } from "../cluster/peer-id.ts";
import type { MetaPicture, Sample, ServerPicture, StreamPicture } from "../cluster/picture.ts";
import {
  type BackupCover,
  defaultThresholds,
  noWords,
  type OperatorWords,
  type PlanRequest,
} from "../cluster/plan/plan-request.ts";
import { type PeerSketch, sketchPeer, sketchSample, sketchServer, sketchStream } from "./sketch-cluster.ts";

export const now = "2026-01-01T12:00:00.000Z";
export const before = (ms: number): string => new Date(Date.parse(now) - ms).toISOString();

export const three: readonly string[] = ["n1", "n2", "n3"];
/** Four servers, of which n3 does not answer: the others can take what it had. */
export const withSpare: readonly string[] = ["n1", "n2", "!n3", "n4"];
/** It is flagged offline, and the operator says that it is gone. */
export const n3Gone = { offline: ["n3"], words: { gone: ["n3"] } };

/** A cluster in trouble, in few words, for the planner. */
export interface Situation {
  readonly version?: string;
  /** "n1" answers, "!n2" does not; the first that answers leads the meta group. */
  readonly servers: readonly string[];
  /** Silent servers that the meta leader calls offline. */
  readonly offline?: readonly string[];
  /** The meta group has a leader although too few members answer: it was cut off, and does not know yet. */
  readonly staleLeader?: boolean;
  /** For how long the silent ones have been so. */
  readonly silentMs?: number;
  readonly streams?: readonly StreamPicture[];
  readonly memory?: readonly LedgerStream[];
  readonly backups?: readonly BackupCover[];
  readonly words?: Partial<OperatorWords>;
  readonly meta?: Partial<MetaPicture>;
  readonly server?: Readonly<Record<string, Partial<ServerPicture>>>;
  /** What was different in the earlier sample. */
  readonly earlier?: (sample: Sample) => Sample | null;
  readonly later?: (sample: Sample) => Sample;
  readonly ledger?: (ledger: Ledger) => Ledger;
}

export function sketchRequest(situation: Situation): PlanRequest {
  const later = sampleOf(situation);
  const earlier = { ...later, takenAt: before(12_000) };
  const ledger: Ledger = { ...emptyLedger, updatedAt: before(12_000), streams: situation.memory ?? [] };
  return {
    picture: {
      format: "relight-cluster-picture",
      formatVersion: 1,
      earlier: situation.earlier ? situation.earlier(earlier) : earlier,
      later: situation.later ? situation.later(later) : later,
    },
    ledger: situation.ledger ? situation.ledger(ledger) : ledger,
    backups: situation.backups ?? [],
    words: { ...noWords, ...situation.words },
    thresholds: defaultThresholds,
    now,
  };
}

function sampleOf(situation: Situation): Sample {
  const { servers, streams = [], offline = [], silentMs = 25_000 } = situation;
  const sample = sketchSample(servers, streams);
  const silent = new Set(servers.filter((sketch) => sketch.startsWith("!")).map((sketch) => sketch.slice(1)));
  const answering = servers.length - silent.size;
  const led = answering * 2 > servers.length || (situation.staleLeader ?? false);
  // So say all, 2.9 to 2.15, where nobody leads the meta group.
  const leaderless = { ok: false, errors: ["JetStream has not established contact with a meta leader"] };
  const pictures = servers.map((sketch) => {
    const name = sketch.replace("!", "");
    return sketchServer(sketch, {
      ...(silent.has(name)
        ? { lastSeen: before(silentMs) }
        : {
            version: situation.version ?? "2.15.1",
            lastSeen: now,
            ...(led || situation.meta?.leader ? {} : { health: leaderless }),
          }),
      ...situation.server?.[name],
    });
  });
  const living = pictures.filter(({ answers }) => answers === true).map(({ name }) => name);
  const leader = led ? (living[0] ?? null) : null;
  const size = pictures.length;
  return {
    ...sample,
    takenAt: before(1_000),
    servers: pictures,
    meta: {
      leader,
      whyNoLeader: led ? null : "nobody hears from a quorum",
      claims: living.map((server) => ({ server, leader, size })),
      size,
      quorumNeeded: Math.floor(size / 2) + 1,
      peers: led
        ? pictures.map(({ name }) => {
            const mark = !silent.has(name) ? "+" : offline.includes(name) ? "x" : "-";
            const peer = sketchPeer(`${mark}${name}`);
            const activeMs = silent.has(name) ? silentMs : 400;
            return { ...peer, standing: { current: mark === "+", offline: mark === "x", lag: 0, activeMs } };
          })
        : { unseen: "not-told" },
      rescue: false,
      pending: 0,
      ...situation.meta,
    },
  };
}

/** A stream of peers "+n1", "~n2", "-n3", "xn4"; the leader is named, or null. Living peers tell of replicas up to `lastSeq`. */
export function replicated(
  name: string,
  peers: readonly PeerSketch[],
  leader: string | null,
  changes: Partial<StreamPicture> & {
    readonly lastSeq?: number;
    readonly allowDirect?: boolean;
    readonly wanted?: number;
  } = {},
): StreamPicture {
  const { lastSeq = 500, allowDirect = false, wanted = peers.length, ...rest } = changes;
  const living = peers.filter((peer) => peer.startsWith("+") || peer.startsWith("~")).map((peer) => peer.slice(1));
  const state = { messages: lastSeq, bytes: lastSeq * 100, firstSeq: lastSeq === 0 ? 0 : 1, lastSeq, deleted: 0 };
  const stream = sketchStream(name, { peers, leader, replicas: wanted });
  return {
    ...stream,
    config:
      typeof stream.config === "object" && "replicas" in stream.config
        ? { ...stream.config, allowDirect }
        : stream.config,
    peers:
      leader !== null
        ? stream.peers
        : peers.map((peer) => ({ ...sketchPeer(peer), standing: { unseen: "not-told" } as const })),
    state: leader === null ? { unseen: "not-told" } : state,
    replicas: living.map((server) => ({ server, state, lost: 0, leader })),
    ...rest,
  };
}

/** A stream of three replicas that is whole. */
export const whole = (name = "ORDERS"): StreamPicture => replicated(name, ["+n1", "+n2", "+n3"], "n1");

/** One whose replica on n3 is dead. */
export const shortOfN3 = (): StreamPicture => replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1");

/** A stream as a mirror of another of its account. */
export function mirrorOf(origin: string, stream: StreamPicture): StreamPicture {
  if (!("replicas" in stream.config)) throw new Error(`the configuration of ${stream.name} is not seen`);
  return { ...stream, config: { ...stream.config, mirror: { name: origin, external: null } } };
}

/** A sample with something about its meta group changed. */
export const withMeta = (sample: Sample, change: object): Sample => ({
  ...sample,
  meta: { ...sample.meta, ...change } as Sample["meta"],
});

/** A stream whose only replica is on a server that does not answer. */
export function unanswered(name: string, changes: Partial<StreamPicture> = {}): StreamPicture {
  const unseen = { unseen: "no-answer" } as const;
  return {
    ...sketchStream(name),
    answer: { kind: "timeout" },
    config: unseen,
    created: unseen,
    raftGroup: unseen,
    leader: unseen,
    claimants: [],
    peers: unseen,
    state: unseen,
    replicas: [],
    consumers: unseen,
    ...changes,
  };
}

/** What the ledger remembers of a stream of the account APP. */
export function remembered(
  name: string,
  servers: readonly string[],
  changes: Partial<LedgerStream> & { readonly lastSeq?: number } = {},
): LedgerStream {
  const { lastSeq = 500, ...rest } = changes;
  return {
    account: "APP",
    name,
    created: "2026-01-01T00:00:00Z",
    raftGroup: null,
    replicas: servers.length,
    storage: "file",
    servers,
    origins: [],
    counters: { messages: lastSeq, bytes: lastSeq * 100, firstSeq: 1, lastSeq, deleted: 0 },
    countersAt: before(26_000),
    seenAt: before(26_000),
    consumers: [],
    leaderlessSince: null,
    behindSince: null,
    movingSince: null,
    stepDownAt: null,
    scaledFrom: null,
    deletedAt: null,
    restoringAt: null,
    ...rest,
  };
}

/** A ledger that remembers one server, which was last seen, and which Relight removed, so many ms ago; null: it did not. */
export const rememberingServer =
  (name: string, lastSeenMs: number, removedMs: number | null, changes: Partial<LedgerServer> = {}) =>
  (ledger: Ledger): Ledger => ({
    ...ledger,
    servers: [
      {
        name,
        peer: peerIdOf(name),
        cluster: "C",
        tags: [],
        lastSeen: before(lastSeenMs),
        removedAt: removedMs === null ? null : before(removedMs),
        ...changes,
      },
    ],
  });

export function backup(stream: string, lastSeq = 500, changes: Partial<BackupCover> = {}): BackupCover {
  return {
    account: "APP",
    stream,
    path: `backups/APP/${stream}`,
    created: null,
    takenAt: before(3_600_000),
    lastSeq,
    messages: lastSeq,
    consumers: null,
    settings: null,
    proven: true,
    ...changes,
  };
}

/** A peer of the meta group that is known by its id only. */
export const ghost = (name: string, silentMs: number): MetaPicture["peers"] => [
  { name: null, peer: peerIdOf(name), standing: { current: false, offline: true, activeMs: silentMs, lag: 0 } },
];
