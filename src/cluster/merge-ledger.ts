import { deletedStreams } from "./deleted-streams.ts";
import { keepsUp } from "./keeps-up.ts";
import {
  type Ledger,
  type LedgerConsumer,
  type LedgerHistory,
  type LedgerServer,
  type LedgerStream,
  streamKey,
} from "./ledger.ts";
import { localOrigins } from "./local-origins.ts";
import type { ConsumerPicture, Picture, Sample, ServerPicture, StreamCounters, StreamPicture } from "./picture.ts";
import { isSeen, seenOr } from "./unseen.ts";

/** What was deleted on request can be named to be restored for so long, in ms: a week. */
const forgottenMs = 604_800_000;

/**
 * What is remembered after one more look. Nothing that was known is forgotten because it was not seen, and a baseline never goes
 * back: where the picture shows less than before, that is a sign of loss, and the ledger keeps the proof of it. But for what somebody
 * deleted while the servers ran: see `deletedStreams`.
 */
export function mergeLedger(ledger: Ledger, picture: Picture): Ledger {
  const sample = picture.later;
  const servers = new Map(ledger.servers.map((server) => [server.name, server]));
  const members = isSeen(sample.meta) ? seenOr(sample.meta.peers, []).map(({ peer }) => peer) : [];
  for (const server of sample.servers) {
    servers.set(server.name, mergeServer(servers.get(server.name), server, members.includes(server.peer), sample));
  }
  const deleted = deletedStreams({ ...ledger, servers: [...servers.values()] }, sample);
  const streams = new Map<string, LedgerStream>();
  for (const known of ledger.streams) {
    const key = streamKey(known.account, known.name);
    const goneOnRequestAt = known.goneOnRequestAt ?? (deleted.has(key) ? sample.takenAt : null);
    const longAgo = goneOnRequestAt !== null && Date.parse(sample.takenAt) - Date.parse(goneOnRequestAt) > forgottenMs;
    if (!longAgo) streams.set(key, { ...known, goneOnRequestAt });
  }
  for (const { streams: seen } of sample.accounts) {
    for (const stream of seen) {
      const key = streamKey(stream.account, stream.name);
      streams.set(key, mergeStream(streams.get(key), stream, sample));
    }
  }
  return {
    ...ledger,
    updatedAt: sample.takenAt,
    servers: [...servers.values()].sort((a, b) => order(a.name, b.name)),
    streams: [...streams.values()].sort((a, b) => order(a.account, b.account) || order(a.name, b.name)),
  };
}

function mergeServer(
  known: LedgerServer | undefined,
  seen: ServerPicture,
  member: boolean,
  { takenAt }: Sample,
): LedgerServer {
  const answers = seenOr(seen.answers, false);
  const process = known?.process ?? null;
  return {
    name: seen.name,
    peer: seen.peer,
    cluster: seenOr(seen.cluster, known?.cluster ?? null),
    tags: seenOr(seen.tags, known?.tags ?? []),
    lastSeen: seen.lastSeen ?? known?.lastSeen ?? null,
    missedAt: answers ? null : (known?.missedAt ?? (seen.answers === false ? takenAt : null)),
    // One that is a member and takes part again is no removed one any more; that it answers says nothing.
    removedAt:
      answers && member && isSeen(seen.jetstream) && seen.jetstream.enabled ? null : (known?.removedAt ?? null),
    process: isSeen(seen.id) && seen.id !== process?.id ? { id: seen.id, since: takenAt } : process,
  };
}

function mergeStream(before: LedgerStream | undefined, seen: StreamPicture, sample: Sample): LedgerStream {
  const at = sample.takenAt;
  // What was deleted on request, and has its name again, is another stream, unless it is the same after all.
  const same = before?.created == null || seenOr(seen.created, null) === before.created;
  const known = before?.goneOnRequestAt != null && !same ? undefined : before;
  const config = isSeen(seen.config) ? seen.config : undefined;
  const leader = seenOr(seen.leader, null);
  const state = seenOr(seen.state, null);
  const created = seenOr(seen.created, null);
  const unbroken = known?.created == null || created === null || known.created === created;
  const other = !unbroken && created !== null ? created : null;
  // What Relight has deleted or is restoring is no riddle.
  const settling = known?.deletedAt != null || known?.restoringAt != null;
  const anew =
    other !== null && !settling && leader !== null && state !== null && state.lastSeq > 0
      ? { created: other, counters: furtherOf(known?.anew, other, state), countersAt: at }
      : (known?.anew ?? null);
  const grew = state !== null && unbroken && state.lastSeq >= (known?.counters?.lastSeq ?? 0);
  const peers = seenOr(seen.peers, []);
  const servers = peers.length > 0 ? peers.map(({ name, peer }) => name ?? peer) : leader === null ? [] : [leader];
  // One that does not answer, and that no server tells of, may be on one that answers and has forgotten it.
  const unheld =
    !isSeen(seen.leader) &&
    isSeen(seen.replicas) &&
    seen.replicas.length === 0 &&
    sample.servers.some(({ name, answers }) => seenOr(answers, false) && known?.servers.includes(name));
  const leaderless = (isSeen(seen.leader) && leader === null && servers.length > 0) || unheld;
  const behind = leader !== null && peers.some(({ standing }) => isSeen(standing) && !keepsUp(standing));
  const moving = seen.desired !== null || (config !== undefined && peers.length > config.replicas);
  const since = (trouble: boolean, before: string | null | undefined): string | null =>
    trouble ? (before ?? at) : null;
  return {
    account: seen.account,
    name: seen.name,
    created: unbroken ? (created ?? known?.created ?? null) : known.created,
    raftGroup: seenOr(seen.raftGroup, null) ?? known?.raftGroup ?? null,
    replicas: config?.replicas ?? known?.replicas ?? null,
    storage: config?.storage ?? known?.storage ?? null,
    servers: leader !== null && servers.length > 0 ? servers : (known?.servers ?? servers),
    origins: config ? localOrigins(config) : (known?.origins ?? []),
    counters: grew ? state : (known?.counters ?? null),
    countersAt: grew ? at : (known?.countersAt ?? null),
    seenAt: at,
    consumers:
      grew && isSeen(seen.consumers) ? seen.consumers.map((one) => remember(one, known)) : (known?.consumers ?? []),
    leaderlessSince: since(leaderless, known?.leaderlessSince),
    behindSince: since(behind, known?.behindSince),
    movingSince: since(moving, known?.movingSince),
    stepDownAt: leaderless ? (known?.stepDownAt ?? null) : null,
    scaledFrom: hasReplicas(seen, known?.scaledFrom) ? null : (known?.scaledFrom ?? null),
    // Its deletion was never sent, or had no effect, where the same stream is back with all that it held.
    deletedAt:
      grew && leader !== null && state.lastSeq > 0 && created === known?.created ? null : (known?.deletedAt ?? null),
    goneOnRequestAt: null,
    restoringAt: known?.restoringAt ?? null,
    anew: known !== undefined && created !== null && created === known.created ? null : anew,
    restoredFrom: known?.restoredFrom ?? [],
  };
}

/** It has all the replicas that it was to be given back, by whomever: what it had before is history. */
function hasReplicas({ leader, config, peers }: StreamPicture, wanted: number | null | undefined): boolean {
  if (!wanted || seenOr(leader, null) === null || !isSeen(config) || !isSeen(peers)) return false;
  const current = peers.filter(({ standing }) => isSeen(standing) && keepsUp(standing));
  return config.replicas >= wanted && current.length >= wanted;
}

/** Counters go forward only. */
function furtherOf(known: LedgerHistory | null | undefined, created: string, seen: StreamCounters): StreamCounters {
  return known?.created === created && known.counters.lastSeq > seen.lastSeq ? known.counters : seen;
}

/** Floors go forward only, as counters do: a consumer that was reset shows less than the ledger has. */
function remember(consumer: ConsumerPicture, stream: LedgerStream | undefined): LedgerConsumer {
  const known = stream?.consumers.find(({ name }) => name === consumer.name);
  const further = (seen: number | null, before: number | null | undefined): number | null =>
    seen === null ? (before ?? null) : Math.max(seen, before ?? 0);
  const peers = seenOr(consumer.peers, []).map(({ name, peer }) => name ?? peer);
  const leader = seenOr(consumer.leader, null);
  return {
    name: consumer.name,
    durable: seenOr(consumer.durable, known?.durable ?? false),
    replicas: seenOr(consumer.replicas, known?.replicas ?? 1),
    servers: peers.length > 0 ? peers : leader === null ? (known?.servers ?? []) : [leader],
    delivered: further(seenOr(consumer.delivered, null), known?.delivered),
    ackFloor: further(seenOr(consumer.ackFloor, null), known?.ackFloor),
    ...(leader === null && known?.stepDownAt ? { stepDownAt: known.stepDownAt } : {}),
  };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
