import type { Known } from "./unseen.ts";

/**
 * A server of the cluster: one that answers, or one that is only spoken of (a member of the meta group, a stream's peer,
 * one that answered in the earlier sample).
 */
export interface ServerPicture {
  readonly name: string;
  /** The Raft peer id, which follows from the name alone: a rename is a new peer, a replacement of the same name is not. */
  readonly peer: string;
  /** Whether it answered this sample's PING. Unseen where nobody could be asked: then it says nothing about the server. */
  readonly answers: Known<boolean>;
  /** When it last answered in either sample; null: in neither. RFC 3339, by Relight's clock. */
  readonly lastSeen: string | null;
  /** The id of the running process; a restart gives a new one. */
  readonly id: Known<string>;
  readonly version: Known<string>;
  readonly cluster: Known<string>;
  /** null: it has none. */
  readonly domain: Known<string | null>;
  readonly tags: Known<readonly string[]>;
  /** The server's clock less Relight's, in ms; no better than the time that the answer took. */
  readonly clockSkewMs: Known<number>;
  readonly jetstream: Known<JetStreamPicture>;
  /** /healthz. Be careful: "ok" proves neither quorum nor content. */
  readonly health: Known<HealthPicture>;
}

/** JetStream on one server. Sizes in bytes. */
export interface JetStreamPicture {
  /** Off after a peer-remove, and where its storage is full or fails. All that follows is null or 0 then. */
  readonly enabled: boolean;
  readonly maxStorage: number;
  readonly maxMemory: number;
  readonly usedStorage: number;
  readonly reservedStorage: number;
  /** What a new stream's max_bytes must fit in, as the meta leader reckons: limit less the larger of used and reserved. */
  readonly freeStorage: number;
  readonly haAssets: number;
  /** Streams that it holds a replica of. Unseen where it did not list them: then nobody knows what it holds. */
  readonly streams: Known<number>;
  readonly consumers: number;
  /** How long acknowledged messages may be in memory only, in ms; 0: every write is synced. Before 2.10 not told. */
  readonly syncIntervalMs: Known<number>;
  /** The tag prefix ("az:") of which no two replicas of a stream may share a value; null: none. */
  readonly uniqueTag: string | null;
  /** API requests that wait. Before 2.10 not told. */
  readonly pendingApi: Known<number>;
}

export interface HealthPicture {
  readonly ok: boolean;
  readonly errors: readonly string[];
}

/** The group that decides where streams live. Without a leader nothing is created, moved, healed or removed. */
export interface MetaPicture {
  /**
   * The effective leader: the one server that says so of itself AND has heard from a quorum within 10 s. null: there is none.
   * A leader that was cut off goes on saying that it leads for up to 24 s.
   */
  readonly leader: string | null;
  /** For a person: why there is no effective leader; null where there is one. */
  readonly whyNoLeader: string | null;
  /** What every answering server says: who leads, and the size of the group. Several who name themselves: a partition. */
  readonly claims: readonly MetaClaim[];
  /** As the effective leader says, else the largest that anybody claims. Dead and unknown members count. */
  readonly size: number;
  readonly quorumNeeded: number;
  /** All members, the leader too. Only the leader knows how they stand. */
  readonly peers: Known<readonly PeerPicture[]>;
  /** The quorum is lowered by META.RESCUE (2.15), for five minutes at most. */
  readonly rescue: boolean;
  /** Membership changes and other proposals that wait at the leader. Before 2.15 not told. */
  readonly pending: Known<number>;
}

export interface MetaClaim {
  readonly server: string;
  /** null: it knows of none. */
  readonly leader: string | null;
  readonly size: number;
}

/** A member of a Raft group: of the meta group, of a stream's or a consumer's. */
export interface PeerPicture {
  /** null: a ghost, which the servers know by its id only ("Server name unknown at this time"). It counts for the quorum. */
  readonly name: string | null;
  readonly peer: string;
  /** How the group's leader sees it. The leader sees itself as current. */
  readonly standing: Known<PeerStanding>;
}

export interface PeerStanding {
  /** Heard of within 10 s and without lag. False is a suspicion only. */
  readonly current: boolean;
  /** The server's own verdict: at once after an orderly stop, about 160 to 190 s after a crash. */
  readonly offline: boolean;
  /** Since it was last heard, in ms; null: not told (the leader itself, or never heard). */
  readonly activeMs: number | null;
  /** Entries that it is behind. */
  readonly lag: number;
}
