import { clusterRules } from "../../cluster/version-hazards.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { ConsumerAccess } from "./consumer-access.ts";
import { DirectReads } from "./direct-reads.ts";
import type { OpenReplica } from "./replica-access.ts";

export interface OpenReplicaOptions {
  readonly api: JetStreamApi;
  readonly config: StreamConfig;
  /** How many replicas the stream has. */
  readonly replicas: number;
  readonly signal?: AbortSignal | undefined;
}

/** Why no replica of a stream can be read by itself, in words that go on after "its content was not read: ". */
export interface NotReadable {
  readonly reason: string;
}

const withoutConsumer = {
  workqueue: "a work queue takes no further consumer",
  interest: "a consumer would count as interest and change what is kept",
} as const;

/**
 * How the replicas of a stream are read, so that nothing of it changes: by consumers, and where these would take part in what is kept,
 * by direct gets.
 */
export function replicasOf({ api, config, replicas, signal }: OpenReplicaOptions): OpenReplica | NotReadable {
  const { name: stream, retention = "limits" } = config;
  if (retention === "limits") return (server) => new ConsumerAccess({ api, stream, server, replicas, signal });
  const why = withoutConsumer[retention];
  if (!clusterRules([api.serverVersion.text]).batchDirectGet) {
    return { reason: `${why}, and servers before 2.11 do not tell which replica answers a direct get` };
  }
  if (!config.allow_direct) {
    return { reason: `${why}, and its configuration does not allow direct gets (allow_direct)` };
  }
  const reads = new DirectReads({ api, stream, replicas, signal });
  return (server) => reads.open(server);
}
