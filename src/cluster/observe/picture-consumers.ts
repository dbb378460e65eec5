import type { ConsumerInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { ConsumerPicture, StreamSettings } from "../stream-picture.ts";
import { isSeen, isUnseen, type Known, type Unseen } from "../unseen.ts";
import { askConsumer, consumerNames } from "./account-view.ts";
import { inParallel } from "./in-parallel.ts";
import { pictureGroup, type Testimony } from "./picture-group.ts";
import type { StreamReplica } from "./picture-stream.ts";
import type { ConsumerDetail, GroupAnswer } from "./server-answers.ts";

/** Consumers of one stream that are asked for at a time: those on a dead server are waited for together. */
const atOnce = 128;

/** One consumer as a server of a replica, or the account, told of it. */
export interface ConsumerTestimony {
  /** Empty where a member answered that does not give its name. */
  readonly server: string;
  readonly detail: ConsumerDetail;
}

export interface ConsumersQuestion {
  readonly stream: string;
  readonly settings: Known<StreamSettings>;
  readonly replicas: Known<readonly StreamReplica[]>;
  /** Undefined where there is no credential of this account. */
  readonly api: JetStreamApi | undefined;
  /** False spares the question for names where the stream says that it has none. */
  readonly mayHaveSome: boolean;
  readonly timeoutMs: number;
}

/**
 * The consumers of a stream: all names from its account, and what the servers of its replicas say of them. Where those do not
 * know a consumer's leader, it is asked for itself. A consumer on dead servers is in it, as one that nobody could tell of.
 */
export async function pictureConsumers(question: ConsumersQuestion): Promise<Known<readonly ConsumerPicture[]>> {
  const { stream, replicas, api, mayHaveSome, timeoutMs } = question;
  const told = testimoniesByName(isSeen(replicas) ? replicas : []);
  const local = [...told.keys()];
  if (!mayHaveSome && local.length === 0) return [];
  const names = api ? await consumerNames(api, stream, timeoutMs) : { unseen: "no-account-credential" as const };
  if (isUnseen(names) && local.length === 0) return names;
  const all = [...new Set([...(isSeen(names) ? names : []), ...local])].sort();
  const pictures = new Map<string, ConsumerPicture>();
  await inParallel(all, atOnce, async (name) => {
    const picture = await pictureOne(question, name, told.get(name) ?? []);
    if (picture) pictures.set(name, picture);
  });
  return all.flatMap((name) => pictures.get(name) ?? []);
}

/** Undefined where it went away meanwhile. */
async function pictureOne(
  { stream, settings, api, timeoutMs }: ConsumersQuestion,
  name: string,
  own: readonly ConsumerTestimony[],
): Promise<ConsumerPicture | undefined> {
  const picture = pictureConsumer(name, settings, own, { unseen: "no-answer" });
  if (!api || (isSeen(picture.leader) && picture.leader !== null)) return picture;
  const info = await askConsumer(api, stream, name, timeoutMs);
  if (info === undefined) return undefined;
  if (isUnseen(info)) return own.length > 0 ? picture : pictureConsumer(name, settings, [], info);
  return pictureConsumer(name, settings, [testimonyOf(info), ...own], { unseen: "no-answer" });
}

function testimoniesByName(replicas: readonly StreamReplica[]): Map<string, ConsumerTestimony[]> {
  const told = new Map<string, ConsumerTestimony[]>();
  for (const { server, detail } of replicas) {
    for (const consumer of detail.consumer_detail ?? []) {
      const own = told.get(consumer.name) ?? [];
      own.push({ server, detail: consumer });
      told.set(consumer.name, own);
    }
  }
  return told;
}

function testimonyOf(info: ConsumerInfo): ConsumerTestimony {
  const cluster = (info.cluster ?? {}) as GroupAnswer;
  return { server: cluster.leader ?? cluster.replicas?.[0]?.name ?? "", detail: { ...info, cluster } };
}

/** A consumer from what is told of it; where nothing is, `why`. */
export function pictureConsumer(
  name: string,
  settings: Known<StreamSettings>,
  told: readonly ConsumerTestimony[],
  why: Unseen,
): ConsumerPicture {
  const testimonies = told
    .filter(({ server }) => server !== "")
    .map(({ server, detail }): Testimony => ({ server, group: detail.cluster ?? { leader: server } }));
  const group = pictureGroup(testimonies);
  const spoken = told.length > 0;
  const config = told.find(({ detail }) => detail.config)?.detail.config;
  // Only its leader knows how far a consumer is; a follower may still show 0.
  const leader = told.find(({ server }) => server === group.leader)?.detail;
  const notTold: Unseen = spoken ? { unseen: "not-told", detail: "it has no leader who could tell" } : why;
  const ownReplicas = Number(config?.num_replicas ?? 0);
  return {
    name,
    durable: config ? Boolean(config.durable_name) : why,
    replicas: config && ownReplicas > 0 ? ownReplicas : isSeen(settings) && config ? settings.replicas : why,
    storage: config
      ? config.mem_storage || (isSeen(settings) && settings.storage === "memory")
        ? "memory"
        : "file"
      : why,
    ackPolicy: config ? String(config.ack_policy ?? "none") : why,
    leader: spoken ? group.leader : why,
    peers: spoken ? group.peers : why,
    delivered: leader?.delivered?.stream_seq ?? notTold,
    ackFloor: leader?.ack_floor?.stream_seq ?? notTold,
    ackPending: leader?.num_ack_pending ?? notTold,
  };
}
