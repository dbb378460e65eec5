import { keepsUp } from "../keeps-up.ts";
import { type Ledger, type LedgerStream, streamKey } from "../ledger.ts";
import type {
  PeerPicture,
  Picture,
  ReplicaPicture,
  Sample,
  StreamCounters,
  StreamPicture,
  StreamSettings,
} from "../picture.ts";
import { quorumOf } from "../quorum.ts";
import { isSeen, seenOr } from "../unseen.ts";
import { replicaDivergence } from "./replica-divergence.ts";
import type { ServerStanding } from "./server-standing.ts";

/** How a stream stands. Servers are named as in the standings. */
export interface StreamStanding {
  readonly key: string;
  readonly account: string;
  readonly name: string;
  /** The replicas that it should have; what the ledger says where nobody answers; null: nobody knows. */
  readonly wanted: number | null;
  /** Members of its group, or its last known home; null: nobody knows where it is. */
  readonly group: readonly string[] | null;
  /** Servers of its last known home that answer, and do not hold it any more: it was moved, or made anew, since it was last seen. */
  readonly strayedFrom: readonly string[];
  readonly alive: readonly string[];
  readonly dead: readonly string[];
  /** Half of the group and one: what it needs to go on. */
  readonly quorum: number;
  /** The same in both samples; of a stream that is new in the later one, the one that it has. */
  readonly leader: string | null;
  readonly kind:
    | "whole"
    /** Led, no peer dead, a replica behind. */
    | "behind"
    /** Led, no peer dead, fewer replicas than wanted. */
    | "short"
    /** All peers answer, or enough do, and nobody leads. */
    | "leaderless"
    /** Dead peers, and enough others to go on. */
    | "degraded"
    /** Dead peers, and too few others to go on. */
    | "below-quorum"
    /** Every replica is on a dead peer. */
    | "lost"
    /** It does not answer, and nobody knows where it lives. */
    | "homeless";
  /** It has more members than it should, or the cluster says that it is changing. */
  readonly moving: boolean;
  /** Why its replicas cannot be trusted to be the same; empty: nothing was noticed. */
  readonly divergence: readonly string[];
  /** Replicas that living servers told of, furthest first. */
  readonly replicas: readonly ReplicaPicture[];
  readonly state: StreamCounters | null;
  readonly settings: StreamSettings | null;
  readonly peers: readonly PeerPicture[];
  readonly seen: StreamPicture | null;
  readonly remembered: LedgerStream | null;
}

export function streamStandings(
  picture: Picture,
  ledger: Ledger,
  servers: ReadonlyMap<string, ServerStanding>,
): readonly StreamStanding[] {
  const memory = new Map(ledger.streams.map((stream) => [streamKey(stream.account, stream.name), stream]));
  const now = byKey(picture.later);
  const then = picture.earlier === null ? new Map<string, StreamPicture>() : byKey(picture.earlier);
  const listing = serversThatList(picture, servers);
  const complete = new Set(picture.later.accounts.filter(({ inventory }) => isSeen(inventory)).map(({ name }) => name));
  const keys = new Map<string, { readonly account: string; readonly name: string }>([...memory, ...now]);
  return [...keys.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, { account, name }]) => {
      const later = now.get(key) ?? null;
      // A stream that a complete inventory does not have is no stream any more: that is for the regressions to say. Of an account
      // that nobody speaks of any more, all streams may have been on the dead.
      if ((later === null || later.answer.kind === "not-found") && complete.has(account)) return [];
      return [judge(key, account, name, then.get(key) ?? null, later, memory.get(key) ?? null, servers, listing)];
    });
}

function judge(
  key: string,
  account: string,
  name: string,
  earlier: StreamPicture | null,
  later: StreamPicture | null,
  remembered: LedgerStream | null,
  servers: ReadonlyMap<string, ServerStanding>,
  listing: ReadonlySet<string>,
): StreamStanding {
  const settings = later !== null && isSeen(later.config) ? later.config : null;
  const peers = later === null ? [] : seenOr(later.peers, []);
  const leads = later === null ? null : seenOr(later.leader, null);
  const led = earlier === null ? null : seenOr(earlier.leader, null);
  // One that is new since the first look has had no other.
  const leader = leads !== null && (leads === led || earlier === null) ? leads : null;
  const replicas = [...(later === null ? [] : seenOr(later.replicas, []))].sort(
    (a, b) => b.state.lastSeq - a.state.lastSeq || b.state.messages - a.state.messages,
  );
  const wanted = settings?.replicas ?? remembered?.replicas ?? null;
  const strayedFrom = peers.length > 0 || leads !== null ? [] : strayed(remembered, [earlier, later], listing);
  const group = strayedFrom.length > 0 ? null : findGroup(peers, leads, replicas, remembered, wanted, servers);
  // A server whose JetStream is off serves no replica, whatever it answers.
  const isDead = (server: string): boolean => !["alive", "starting"].includes(servers.get(server)?.kind ?? "silent");
  const alive = (group ?? []).filter((server) => !isDead(server));
  const dead = (group ?? []).filter(isDead);
  const quorum = quorumOf(group?.length ?? 0);
  const moving =
    later !== null && (later.desired !== null || (wanted !== null && peers.length > wanted && settings !== null));
  const kind = ((): StreamStanding["kind"] => {
    if (group === null) return "homeless";
    if (dead.length > 0) {
      if (alive.length === 0) return "lost";
      if (alive.length < quorum) return "below-quorum";
      return leader === null ? "leaderless" : "degraded";
    }
    if (leader === null) return "leaderless";
    if (peers.some(({ standing }) => isSeen(standing) && !keepsUp(standing))) return "behind";
    return wanted !== null && wanted > group.length ? "short" : "whole";
  })();
  return {
    key,
    account,
    name,
    wanted,
    group,
    strayedFrom,
    alive,
    dead,
    quorum,
    leader,
    kind,
    moving,
    divergence: replicaDivergence(earlier, later),
    replicas,
    state: later === null ? null : seenOr(later.state, null),
    settings,
    peers,
    seen: later,
    remembered,
  };
}

/** The members as the servers say; an R1 stream has none, and its home is its leader; of a dead one only the ledger knows it. */
function findGroup(
  peers: readonly PeerPicture[],
  leader: string | null,
  replicas: readonly ReplicaPicture[],
  remembered: LedgerStream | null,
  wanted: number | null,
  servers: ReadonlyMap<string, ServerStanding>,
): readonly string[] | null {
  const named = new Map([...servers.values()].map(({ name, peer }) => [peer, name]));
  if (peers.length > 0) return [...new Set(peers.map(({ name, peer }) => name ?? named.get(peer) ?? peer))];
  if (leader !== null) return [leader];
  if (remembered !== null && remembered.servers.length > 0) {
    // What living servers hold counts, whatever is remembered.
    return [...new Set([...remembered.servers, ...replicas.map(({ server }) => server)])];
  }
  // Without a memory, the replicas that answer are all of it only where there are as many as there should be.
  if (wanted !== null && replicas.length >= wanted) return replicas.map(({ server }) => server);
  return null;
}

/** Servers that said in every sample which streams they hold. */
function serversThatList(
  { earlier, later }: Picture,
  servers: ReadonlyMap<string, ServerStanding>,
): ReadonlySet<string> {
  const samples = earlier === null ? [later] : [earlier, later];
  const lists = (sample: Sample, name: string): boolean => {
    const jetstream = sample.servers.find((one) => one.name === name)?.jetstream;
    return jetstream !== undefined && isSeen(jetstream) && jetstream.enabled && isSeen(jetstream.streams);
  };
  const alive = [...servers.values()].filter(({ kind }) => kind === "alive").map(({ name }) => name);
  return new Set(alive.filter((name) => samples.every((sample) => lists(sample, name))));
}

/**
 * Of the servers that a stream was last seen on, those that do not have it: it lives somewhere else by now, and a dead server that
 * nobody remembers may be where. What Relight has deleted, or is restoring, has no home to stray from.
 */
function strayed(
  remembered: LedgerStream | null,
  seen: readonly (StreamPicture | null)[],
  listing: ReadonlySet<string>,
): readonly string[] {
  if (remembered === null || remembered.deletedAt !== null || remembered.restoringAt !== null) return [];
  const holds = (server: string): boolean =>
    seen.some((stream) => stream !== null && seenOr(stream.replicas, []).some((replica) => replica.server === server));
  return remembered.servers.filter((server) => listing.has(server) && !holds(server));
}

function byKey(sample: Sample): ReadonlyMap<string, StreamPicture> {
  return new Map(
    sample.accounts.flatMap((account) =>
      account.streams.map((stream) => [streamKey(account.name, stream.name), stream]),
    ),
  );
}
