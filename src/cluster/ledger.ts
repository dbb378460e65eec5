import type { StreamCounters } from "./picture.ts";

/**
 * What Relight remembers of a cluster between two looks: plain JSON data. The home of an R1 stream cannot be asked once it is
 * dead, and an R1 stream that was re-created empty looks healthy: only what was written down before tells of either.
 */
export interface Ledger {
  readonly format: "relight-cluster-ledger";
  readonly formatVersion: 1;
  /** When it was last merged with a picture; null: never. */
  readonly updatedAt: string | null;
  /** Sorted by name. */
  readonly servers: readonly LedgerServer[];
  /** Sorted by account and name. */
  readonly streams: readonly LedgerStream[];
}

export interface LedgerServer {
  readonly name: string;
  readonly peer: string;
  readonly cluster: string | null;
  readonly tags: readonly string[];
  /** When it last answered; null: it never did while Relight looked. */
  readonly lastSeen: string | null;
  /** When Relight first looked for it after that, and it did not answer: it died in between. null: it answers. Older files do not say. */
  readonly missedAt?: string | null;
  /** When Relight removed it from the meta group; null: it did not. */
  readonly removedAt: string | null;
  /** The process that answered last, and the look that saw it first: a restart gives it another id. null: it never answered. */
  readonly process?: { readonly id: string; readonly since: string } | null;
}

export interface LedgerStream {
  readonly account: string;
  readonly name: string;
  readonly created: string | null;
  readonly raftGroup: string | null;
  readonly replicas: number | null;
  readonly storage: "file" | "memory" | null;
  /** Where its replicas were when it was last seen with a leader. */
  readonly servers: readonly string[];
  /** Streams of the same account that it mirrors or sources. */
  readonly origins: readonly string[];
  /** The baseline: what it held when it was last seen whole. It never goes back by itself; `acceptStream` sets it anew. */
  readonly counters: StreamCounters | null;
  readonly countersAt: string | null;
  readonly seenAt: string;
  readonly consumers: readonly LedgerConsumer[];
  /** Since when it has been seen without a leader though its peers answer; null: it is not. */
  readonly leaderlessSince: string | null;
  /** Since when it has had a replica that is behind; null: it has none. */
  readonly behindSince: string | null;
  /** Since when it has been moving; null: it is not. */
  readonly movingSince: string | null;
  /** When Relight made its leader step down for this trouble; null: it did not. */
  readonly stepDownAt: string | null;
  /** How many replicas it had before Relight scaled it down, to be given back; null: it did not. */
  readonly scaledFrom: number | null;
  /** When Relight deleted what was left under its name, to restore it; null: it did not. */
  readonly deletedAt: string | null;
  /** When it was seen that somebody deleted it while the servers ran, which is no loss: see `deletedStreams`. null: nobody did. */
  readonly goneOnRequestAt?: string | null;
  /** When Relight began to restore it, where that has not ended: cut off, what is there may be half-made. null: it has. */
  readonly restoringAt: string | null;
  /**
   * A stream with messages that was last seen under the name, and is not the one that the rest tells of: created anew, by a person or
   * by whoever found it gone. Until one of the two is restored or accepted, both are remembered. null: there is none.
   */
  readonly anew?: LedgerHistory | null;
  /** When the streams were created that it was restored from, newest last: their backups are backups of it. */
  readonly restoredFrom?: readonly string[];
}

/** One stream of several that had the same name, one after the other. */
export interface LedgerHistory {
  readonly created: string;
  readonly counters: StreamCounters;
  readonly countersAt: string;
}

export interface LedgerConsumer {
  readonly name: string;
  readonly durable: boolean;
  readonly replicas: number;
  readonly servers: readonly string[];
  readonly delivered: number | null;
  readonly ackFloor: number | null;
  /** When Relight had its group elect although nobody led it; null: it did not, or somebody leads it since. */
  readonly stepDownAt?: string | null;
}

export const emptyLedger: Ledger = {
  format: "relight-cluster-ledger",
  formatVersion: 1,
  updatedAt: null,
  servers: [],
  streams: [],
};

/** "APP/ORDERS": how a stream is named in plans, and by the operator. */
export const streamKey = (account: string, name: string): string => `${account}/${name}`;

export function findStream(ledger: Ledger, account: string, name: string): LedgerStream | undefined {
  return ledger.streams.find((stream) => stream.account === account && stream.name === name);
}

/** The ledger with one stream changed. */
export function withStream(ledger: Ledger, key: string, change: (stream: LedgerStream) => LedgerStream): Ledger {
  return {
    ...ledger,
    streams: ledger.streams.map((stream) => (streamKey(stream.account, stream.name) === key ? change(stream) : stream)),
  };
}

/** The ledger with an entry of a stream that it does not have, of which no more is known than when it was created, if that. */
export function withEntry(ledger: Ledger, account: string, name: string, created: string | null, at: string): Ledger {
  if (findStream(ledger, account, name) !== undefined) return ledger;
  const entry: LedgerStream = {
    account,
    name,
    created,
    raftGroup: null,
    replicas: null,
    storage: null,
    servers: [],
    origins: [],
    counters: null,
    countersAt: null,
    seenAt: at,
    consumers: [],
    leaderlessSince: null,
    behindSince: null,
    movingSince: null,
    stepDownAt: null,
    scaledFrom: null,
    deletedAt: null,
    restoringAt: null,
  };
  const key = (one: LedgerStream): string => streamKey(one.account, one.name);
  return { ...ledger, streams: [...ledger.streams, entry].sort((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

/**
 * Forgets a stream's baseline: what is there at the next look is right. For a stream that was restored, was deleted or emptied
 * on purpose, or whose loss the operator has accepted.
 */
export function acceptStream(ledger: Ledger, key: string): Ledger {
  return withStream(ledger, key, withoutBaseline);
}

/** The same of one stream of a ledger. */
export const withoutBaseline = (stream: LedgerStream): LedgerStream => ({
  ...stream,
  created: null,
  counters: null,
  countersAt: null,
  consumers: [],
  deletedAt: null,
  goneOnRequestAt: null,
  restoringAt: null,
  anew: null,
  restoredFrom: [],
});
