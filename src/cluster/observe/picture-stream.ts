import type { StreamConfig, StreamInfo, StreamSource } from "../../jetstream/api-types.ts";
import type {
  ConsumerPicture,
  DesiredPicture,
  OriginPicture,
  ReplicaPicture,
  StreamAnswer,
  StreamCounters,
  StreamPicture,
  StreamSettings,
} from "../stream-picture.ts";
import { isUnseen, type Known, type Unseen } from "../unseen.ts";
import { pictureGroup, type Testimony } from "./picture-group.ts";
import type { GroupAnswer, ReplicaState, StreamDetail } from "./server-answers.ts";

/** All that was said of one stream. */
export interface StreamEvidence {
  readonly account: string;
  readonly name: string;
  readonly answer: StreamAnswer;
  /** What STREAM.INFO answered. */
  readonly info?: StreamInfo | undefined;
  /** What each server says of its own replica; unseen without a system credential. */
  readonly replicas: Known<readonly StreamReplica[]>;
  readonly consumers: Known<readonly ConsumerPicture[]>;
}

export interface StreamReplica {
  readonly server: string;
  readonly detail: StreamDetail;
}

/** Puts a stream's picture together from its account's answer and its servers' own. */
export function pictureStream(evidence: StreamEvidence): StreamPicture {
  const { account, name, answer, info } = evidence;
  const details = isUnseen(evidence.replicas) ? [] : evidence.replicas;
  const group = pictureGroup(testimoniesOf(info, details));
  const spoken = info !== undefined || details.length > 0;
  const led = details.find(({ server }) => server === group.leader);
  const groups = [
    info?.cluster as GroupAnswer | undefined,
    ...details.map(({ detail }) => detail.cluster ?? undefined),
  ];
  const why: Unseen = answer.kind === "not-asked" ? { unseen: "no-account-credential" } : { unseen: "no-answer" };
  const config = info?.config ?? details.find(({ detail }) => detail.config)?.detail.config;
  const state = info?.cluster?.leader === group.leader ? info?.state : (led?.detail.state ?? info?.state);
  const raftGroup = groups.find((one) => one?.raft_group)?.raft_group ?? led?.detail.stream_raft_group;
  return {
    account,
    name,
    answer,
    config: config ? settingsOf(config) : why,
    created: createdOf(info, group.leader, led, details) ?? why,
    raftGroup: spoken ? (raftGroup ?? null) : why,
    leader: spoken ? group.leader : why,
    claimants: group.claimants,
    peers: spoken ? group.peers : why,
    state: group.leader !== null && state ? countersOf(state) : spoken ? { unseen: "not-told", detail: noLeader } : why,
    replicas: isUnseen(evidence.replicas) ? evidence.replicas : evidence.replicas.map(replicaOf),
    desired: desiredOf(groups),
    consumers: evidence.consumers,
  };
}

/**
 * When it was created, by its leader's word: a server that comes back tells for a moment of the stream that had the name before. Without a
 * leader only where all say the same.
 */
function createdOf(
  info: StreamInfo | undefined,
  leader: string | null,
  led: StreamReplica | undefined,
  details: readonly StreamReplica[],
): string | undefined {
  if (info !== undefined && (led?.detail.created === undefined || info.cluster?.leader === leader)) return info.created;
  if (led?.detail.created !== undefined) return led.detail.created;
  const told = new Set(details.map(({ detail }) => detail.created));
  return told.size === 1 ? [...told][0] : undefined;
}

const noLeader = "it has no leader who could tell";

/**
 * Who speaks of the group: the servers of their replicas, and whoever answered INFO. That is the leader where one is named;
 * without one it is a member that does not give its name, and lists itself among the others.
 */
function testimoniesOf(info: StreamInfo | undefined, details: readonly StreamReplica[]): readonly Testimony[] {
  const own = details.map(({ server, detail }): Testimony => ({ server, group: detail.cluster ?? { leader: server } }));
  const cluster = info?.cluster as GroupAnswer | undefined;
  if (!cluster) return own;
  if (cluster.leader) {
    // INFO came later than the servers' answers. Where one of them was the leader then, both claims count.
    return [{ server: cluster.leader, group: cluster }, ...own.filter(({ server }) => server !== cluster.leader)];
  }
  const [member] = cluster.replicas ?? [];
  return own.length > 0 || !member ? own : [{ server: member.name, group: cluster }];
}

export function settingsOf(config: StreamConfig): StreamSettings {
  return {
    replicas: config.num_replicas || 1,
    storage: config.storage ?? "file",
    retention: config.retention ?? "limits",
    placement: config.placement ?? null,
    maxBytes: config.max_bytes ?? -1,
    allowDirect: config.allow_direct ?? false,
    sealed: config.sealed ?? false,
    mirror: config.mirror ? originOf(config.mirror) : null,
    sources: (config.sources ?? []).map(originOf),
  };
}

function originOf({ name, external }: StreamSource): OriginPicture {
  return { name, external: external?.api ?? null };
}

function countersOf(state: ReplicaState): StreamCounters {
  const { messages, bytes, first_seq, last_seq, num_deleted } = state;
  return { messages, bytes, firstSeq: first_seq, lastSeq: last_seq, deleted: num_deleted ?? 0 };
}

function replicaOf({ server, detail }: StreamReplica): ReplicaPicture {
  const { state, cluster } = detail;
  return { server, state: countersOf(state), lost: state.lost?.msgs?.length ?? 0, leader: cluster?.leader || null };
}

function desiredOf(groups: readonly (GroupAnswer | undefined)[]): DesiredPicture | null {
  const desired = groups.find((group) => group?.desired)?.desired;
  if (!desired) return null;
  const { type = "", description = "", err } = desired.status ?? {};
  return {
    peers: (desired.replicas ?? []).map(({ name }) => name),
    type,
    description: err ? `${description}: ${err}` : description,
  };
}
