/**
 * The JSON shapes of the JetStream API that Relight reads and writes.
 *
 * Configurations are open: a newer server's fields pass through untouched, because a backup must not lose what this
 * version of Relight has never heard of. Sequences are plain numbers (exact below 2^53), durations are nanoseconds.
 * Source: nats-server `server/stream.go`, `server/consumer.go`, `server/store.go`, `server/jetstream_api.go`.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Placement {
  readonly cluster?: string;
  readonly tags?: readonly string[];
  readonly [key: string]: unknown;
}

export interface StreamSource {
  readonly name: string;
  readonly external?: { readonly api: string; readonly deliver?: string } | null;
  readonly [key: string]: unknown;
}

export interface StreamConfig {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly retention?: "limits" | "interest" | "workqueue";
  readonly storage?: "file" | "memory";
  readonly num_replicas?: number;
  readonly max_age?: number;
  readonly max_bytes?: number;
  readonly max_msgs?: number;
  readonly max_msg_size?: number;
  readonly max_msgs_per_subject?: number;
  readonly first_seq?: number;
  readonly placement?: Placement | null;
  readonly mirror?: StreamSource | null;
  readonly sources?: readonly StreamSource[] | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly allow_msg_ttl?: boolean;
  readonly allow_direct?: boolean;
  readonly sealed?: boolean;
  readonly description?: string;
  readonly [key: string]: unknown;
}

export interface StreamState {
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly first_ts: string;
  readonly last_seq: number;
  readonly last_ts: string;
  readonly num_deleted?: number;
  readonly num_subjects?: number;
  readonly consumer_count: number;
  readonly [key: string]: unknown;
}

export interface ReplicaInfo {
  readonly name: string;
  readonly current: boolean;
  readonly active: number;
  readonly offline?: boolean;
  readonly lag?: number;
}

export interface ClusterInfo {
  readonly name?: string;
  readonly leader?: string;
  readonly replicas?: readonly ReplicaInfo[] | null;
  readonly [key: string]: unknown;
}

export interface StreamInfo {
  readonly config: StreamConfig;
  readonly created: string;
  readonly state: StreamState;
  readonly cluster?: ClusterInfo | null;
  readonly mirror?: unknown;
  readonly sources?: unknown;
  /** The server's own clock, from 2.10 on. */
  readonly ts?: string;
  readonly [key: string]: unknown;
}

export interface SequencePair {
  readonly consumer_seq: number;
  readonly stream_seq: number;
}

export interface ConsumerConfig {
  readonly name?: string;
  readonly durable_name?: string;
  readonly mem_storage?: boolean;
  readonly [key: string]: unknown;
}

export interface ConsumerInfo {
  readonly stream_name: string;
  readonly name: string;
  readonly created: string;
  readonly config: ConsumerConfig;
  readonly delivered: SequencePair;
  readonly ack_floor: SequencePair;
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  readonly num_pending: number;
  readonly num_waiting: number;
  readonly cluster?: ClusterInfo | null;
  readonly [key: string]: unknown;
}

export interface AccountLimits {
  readonly max_memory: number;
  readonly max_storage: number;
  readonly max_streams: number;
  readonly max_consumers: number;
  readonly max_bytes_required?: boolean;
  readonly [key: string]: unknown;
}

export interface AccountInfo {
  readonly memory: number;
  readonly storage: number;
  readonly reserved_memory?: number;
  readonly reserved_storage?: number;
  readonly streams: number;
  readonly consumers: number;
  readonly domain?: string;
  readonly limits: AccountLimits;
  readonly tiers?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** The error object inside a JetStream API response. */
export interface ApiErrorBody {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}
