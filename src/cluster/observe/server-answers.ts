import type { ConsumerConfig, SequencePair, StreamConfig } from "../../jetstream/api-types.ts";

/**
 * The JSON of the servers' own answers, as far as Relight reads it. Fields that older servers leave out are optional.
 * Source: nats-server `server/events.go` (`ServerStatsMsg`), `server/monitor.go` (`JSInfo`, `MetaClusterInfo`, `HealthStatus`).
 */
export interface ServerAnswer {
  readonly server: ServerIdentity;
}

export interface ServerIdentity {
  readonly name: string;
  readonly id: string;
  readonly cluster?: string;
  readonly domain?: string;
  readonly ver: string;
  readonly tags?: readonly string[] | null;
  readonly jetstream?: boolean;
  /** The server's clock. */
  readonly time: string;
}

/** The answer to PING. */
export interface StatszAnswer extends ServerAnswer {
  readonly statsz?: {
    /** How many servers it knows, itself and those that died lately too; from 2.10 on. */
    readonly active_servers?: number;
    /** Clusters that its gateways lead to. */
    readonly gateways?: readonly { readonly name: string }[] | null;
    /** Absent where JetStream is off. */
    readonly jetstream?: JetStreamVarz | null;
  };
}

export interface JetStreamVarz {
  readonly config?: {
    readonly max_memory?: number;
    readonly max_storage?: number;
    readonly sync_interval?: number;
    readonly sync_always?: boolean;
    readonly unique_tag?: string;
  } | null;
  readonly stats?: {
    readonly storage?: number;
    readonly reserved_storage?: number;
    readonly ha_assets?: number;
  } | null;
  readonly meta?: MetaAnswer | null;
}

export interface MetaAnswer {
  readonly leader?: string;
  /** The peer id of the server that answers, in old versions of the leader. */
  readonly peer?: string;
  /** Up to 2.14 only the leader fills it; from 2.15 on all do, and what others than the leader say of it means nothing. */
  readonly replicas?: readonly PeerAnswer[] | null;
  readonly cluster_size?: number;
  readonly quorum_needed?: number;
  readonly rescue?: boolean;
  readonly pending?: number;
  readonly pending_requests?: number;
}

export interface PeerAnswer {
  readonly name: string;
  readonly current?: boolean;
  readonly offline?: boolean;
  /** Nanoseconds; 0: never heard since this server leads. */
  readonly active?: number;
  readonly lag?: number;
  readonly peer?: string;
}

/** The answer to JSZ, without its envelope. */
export interface JszAnswer {
  readonly disabled?: boolean;
  readonly streams?: number;
  readonly consumers?: number;
  readonly meta_cluster?: MetaAnswer | null;
  readonly account_details?: readonly AccountDetail[] | null;
}

export interface AccountDetail {
  /** A name for people, and the account's id: the same, or its public key in operator mode. */
  readonly name: string;
  readonly id?: string;
  readonly stream_detail?: readonly StreamDetail[] | null;
}

/** A server's own replica of a stream. What it says of the other replicas is true on the stream's leader only. */
export interface StreamDetail {
  readonly name: string;
  readonly created?: string;
  readonly cluster?: GroupAnswer | null;
  readonly config?: StreamConfig | null;
  readonly state: ReplicaState;
  readonly consumer_detail?: readonly ConsumerDetail[] | null;
  readonly stream_raft_group?: string;
}

export interface ReplicaState {
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly num_deleted?: number;
  readonly lost?: { readonly msgs?: readonly number[] | null } | null;
}

/** The cluster section of a stream or a consumer. */
export interface GroupAnswer {
  readonly leader?: string;
  readonly raft_group?: string;
  readonly replicas?: readonly PeerAnswer[] | null;
  /** From 2.15 on, while the group is being changed. */
  readonly desired?: {
    readonly replicas?: readonly PeerAnswer[] | null;
    readonly status?: { readonly type?: string; readonly description?: string; readonly err?: string } | null;
  } | null;
}

export interface ConsumerDetail {
  readonly name: string;
  readonly config?: ConsumerConfig | null;
  readonly delivered?: SequencePair;
  readonly ack_floor?: SequencePair;
  readonly num_ack_pending?: number;
  readonly cluster?: GroupAnswer | null;
}

export interface HealthzAnswer {
  readonly status: string;
  readonly error?: string;
  readonly errors?: readonly { readonly error: string }[] | null;
}
