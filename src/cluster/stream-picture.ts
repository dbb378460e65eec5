import type { Placement } from "../jetstream/api-types.ts";
import type { PeerPicture } from "./server-picture.ts";
import type { Known } from "./unseen.ts";

/** A stream as one sample saw it: by its own account (STREAM.INFO), by the servers that hold a replica (JSZ), or both. */
export interface StreamPicture {
  readonly account: string;
  readonly name: string;
  /** How STREAM.INFO ended. Everything below may be seen all the same, where servers told of their replicas. */
  readonly answer: StreamAnswer;
  readonly config: Known<StreamSettings>;
  /** Does not change when a stream is re-created empty by a peer-remove: no proof of an unbroken history. */
  readonly created: Known<string>;
  /** null: none was told, which is usual of an R1 stream. */
  readonly raftGroup: Known<string | null>;
  /** The effective leader. null: asked, and nobody leads. */
  readonly leader: Known<string | null>;
  /** Servers that say of themselves that they lead. More than one: do nothing. */
  readonly claimants: readonly string[];
  /** The group's members, the leader too, also more than `config.replicas` while a stream moves, or fewer after a loss. */
  readonly peers: Known<readonly PeerPicture[]>;
  /** As the leader says; where there is none, unseen: never infer emptiness from a follower. */
  readonly state: Known<StreamCounters>;
  /**
   * Every replica that a server itself told of. Complete where every server of the cluster answered; empty and complete means
   * that no living server holds any of it.
   */
  readonly replicas: Known<readonly ReplicaPicture[]>;
  /** A change that the cluster works on (2.15); null: none, or an older version, which shows more peers than replicas. */
  readonly desired: DesiredPicture | null;
  readonly consumers: Known<readonly ConsumerPicture[]>;
}

export type StreamAnswer =
  /** STREAM.INFO was answered. Without a leader a follower answers. */
  | { readonly kind: "answered" }
  /** The server said that all who could answer are offline (10118). */
  | { readonly kind: "offline"; readonly detail: string }
  /** No answer in time: unknown. */
  | { readonly kind: "timeout" }
  /** Any other error, such as no meta leader (10008). */
  | { readonly kind: "refused"; readonly detail: string }
  /** The account does not know it (any more), though a server holds a replica: an orphan. */
  | { readonly kind: "not-found" }
  /** It was not asked: no credential of its account. */
  | { readonly kind: "not-asked" };

/** The part of a stream's configuration that decides its fate. */
export interface StreamSettings {
  /** R: how many replicas are wanted. */
  readonly replicas: number;
  readonly storage: "file" | "memory";
  readonly retention: "limits" | "interest" | "workqueue";
  readonly placement: Placement | null;
  /** -1: no limit. */
  readonly maxBytes: number;
  /** A stream without a leader can still be read by DIRECT.GET. */
  readonly allowDirect: boolean;
  readonly sealed: boolean;
  /** The stream that this one mirrors; null: it is no mirror. */
  readonly mirror: OriginPicture | null;
  readonly sources: readonly OriginPicture[];
}

export interface OriginPicture {
  readonly name: string;
  /** API prefix of another account or domain; null: the same account. */
  readonly external: string | null;
}

export interface StreamCounters {
  readonly messages: number;
  readonly bytes: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly deleted: number;
}

/** What one server says of the replica on its own disk. */
export interface ReplicaPicture {
  readonly server: string;
  readonly state: StreamCounters;
  /** Messages that the server itself found to be lost, noticed only where it rebuilt its index. */
  readonly lost: number;
  /** Whom it takes for the leader; null: nobody. */
  readonly leader: string | null;
}

/** 2.15: what the cluster wants the group to become, and what it waits for. */
export interface DesiredPicture {
  readonly peers: readonly string[];
  /** meta, membership, snapshot, catchup, quorum, blocked or unavailable. */
  readonly type: string;
  readonly description: string;
}

export interface ConsumerPicture {
  readonly name: string;
  /** What its configuration says is unseen where nobody told of it: a consumer of which only the name is known. */
  readonly durable: Known<boolean>;
  /** How many replicas it has by its configuration, the stream's number where it says none. */
  readonly replicas: Known<number>;
  readonly storage: Known<"file" | "memory">;
  readonly ackPolicy: Known<string>;
  /** null: asked, and nobody leads: it delivers nothing. */
  readonly leader: Known<string | null>;
  readonly peers: Known<readonly PeerPicture[]>;
  /** Stream sequences: where a consumer that was reset must go on. */
  readonly delivered: Known<number>;
  readonly ackFloor: Known<number>;
  readonly ackPending: Known<number>;
}
