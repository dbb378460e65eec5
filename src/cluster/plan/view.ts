import { type LedgerStream, streamKey } from "../ledger.ts";
import { localOrigins } from "../local-origins.ts";
import { type Regression, regressions } from "../regressions.ts";
import { isSeen } from "../unseen.ts";
import { type ClusterRules, clusterRules } from "../version-hazards.ts";
import { holdReasons, type MetaStanding, metaStanding } from "./meta-standing.ts";
import type { BackupCover, PlanRequest } from "./plan-request.ts";
import { type ServerStanding, serverStandings } from "./server-standing.ts";
import { type StreamStanding, streamStandings } from "./stream-standing.ts";

/** What the planner's parts all look at: the request, judged once. */
export interface View {
  readonly request: PlanRequest;
  readonly rules: ClusterRules;
  readonly servers: ReadonlyMap<string, ServerStanding>;
  readonly meta: MetaStanding;
  readonly streams: readonly StreamStanding[];
  /** The same by key. */
  readonly standings: ReadonlyMap<string, StreamStanding>;
  readonly regressions: readonly Regression[];
  /** Nothing may be done for these reasons. */
  readonly hold: readonly string[];
  /** Every account's streams are known, dead ones too. */
  readonly inventoryComplete: boolean;
  /** What the ledger has of streams, by key. */
  readonly memory: ReadonlyMap<string, LedgerStream>;
  /** Streams that lead themselves and copy from a stream of their account, by that one's key. */
  readonly copies: ReadonlyMap<string, readonly StreamStanding[]>;
  /** Proven backups by the stream's name, those that reach furthest first. */
  readonly backups: ReadonlyMap<string, readonly BackupCover[]>;
  /** Accounts that have a stream of the name. */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
}

export function viewOf(request: PlanRequest): View {
  const { picture, ledger } = request;
  const versions = picture.later.servers.flatMap(({ version }) => (isSeen(version) ? [version] : []));
  const rules = clusterRules(versions);
  const servers = serverStandings(request, rules);
  const meta = metaStanding(picture, servers);
  const streams = streamStandings(picture, ledger, servers);
  const owned = [...streams, ...ledger.streams].map(({ account, name }) => [name, account] as const);
  const led = streams.filter(({ leader }) => leader !== null);
  const proven = request.backups
    .filter((one) => one.proven)
    .sort((a, b) => b.lastSeq - a.lastSeq || (a.takenAt < b.takenAt ? 1 : -1));
  return {
    request,
    rules,
    servers,
    meta,
    streams,
    standings: new Map(streams.map((stream) => [stream.key, stream])),
    regressions: regressions(ledger, picture, request.words.restore),
    hold: holdReasons(picture, meta, servers),
    memory: new Map(ledger.streams.map((stream) => [streamKey(stream.account, stream.name), stream])),
    copies: group(led.flatMap((stream) => originsOf(stream).map((origin) => [origin, stream] as const))),
    backups: group(proven.map((one) => [one.stream, one] as const)),
    owners: new Map([...group(owned)].map(([name, accounts]) => [name, new Set(accounts)])),
    inventoryComplete: picture.later.accounts.every(({ inventory }) => isSeen(inventory)),
  };
}

/** Keys of the streams of the same account that a stream mirrors or sources. */
export function originsOf({ account, settings, remembered }: StreamStanding): readonly string[] {
  const names = settings === null ? (remembered?.origins ?? []) : localOrigins(settings);
  return names.map((name) => streamKey(account, name));
}

function group<Value>(entries: readonly (readonly [string, Value])[]): ReadonlyMap<string, readonly Value[]> {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of entries) {
    const known = groups.get(key);
    if (known) known.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

export const serversOfKind = (view: View, ...kinds: readonly ServerStanding["kind"][]): readonly ServerStanding[] =>
  [...view.servers.values()].filter(({ kind }) => kinds.includes(kind)).sort((a, b) => (a.name < b.name ? -1 : 1));
