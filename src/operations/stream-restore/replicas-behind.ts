import { setTimeout as sleep } from "node:timers/promises";
import { keepsUp } from "../../cluster/keeps-up.ts";
import { nameList } from "../../cluster/name-list.ts";
import type { ClusterInfo, ConsumerInfo, ReplicaInfo, StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

/** How long replicas are waited for, in ms; shared by the streams of one run, so that hundreds of them do not wait one after the other. */
export interface Patience {
  leftMs: number;
}

/** What a few GB take to be copied from one server to another. */
export const replicaPatience = (): Patience => ({ leftMs: 15_000 });

const pauseMs = 250;

/**
 * Waits until the replicas of a restored stream and of its consumers have what their leaders have. A restore is answered as soon as the
 * leader has it all: who loses that server right afterwards loses the stream (or, seen once on 2.15, its consumers' positions).
 *
 * Returns a sentence for what is still behind when the patience is at its end. `onWait` is called once, where there is something to
 * wait for.
 */
export async function replicasBehind(
  api: JetStreamApi,
  stream: string,
  patience: Patience,
  { signal, onWait }: { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
): Promise<string | undefined> {
  // Twice in a row where it was waited for: a replica has an entry a moment before it has carried it out.
  for (let [waited, right] = [false, 0]; ; waited = true) {
    const started = Date.now();
    const info = await api.streamInfo(stream);
    if ((info.cluster?.replicas ?? []).length === 0) return undefined;
    const { consumers } = await api.consumers(stream);
    const { text, worthWaiting } = whatIsBehind(info, consumers);
    right = text === undefined ? right + 1 : 0;
    if (right > (waited ? 1 : 0)) return undefined;
    const over = patience.leftMs <= 0 || signal?.aborted === true;
    if (over || (text !== undefined && !worthWaiting)) return text;
    if (!waited) onWait?.();
    await sleep(pauseMs);
    patience.leftMs -= Date.now() - started;
  }
}

/** Pure. Servers that are offline do not come back by waiting. */
export function whatIsBehind(
  { cluster }: Pick<StreamInfo, "cluster">,
  consumers: readonly Pick<ConsumerInfo, "name" | "cluster">[],
): { readonly text: string | undefined; readonly worthWaiting: boolean } {
  const late = followersBehind(cluster);
  const lateConsumers = consumers.filter((consumer) => followersBehind(consumer.cluster).length > 0);
  const all = [...late, ...lateConsumers.flatMap((consumer) => followersBehind(consumer.cluster))];
  if (all.length === 0) return { text: undefined, worthWaiting: false };
  const parts: string[] = [];
  if (late.length > 0) parts.push(`the stream's replicas on ${nameList(late.map(({ name }) => name))}`);
  if (lateConsumers.length > 0) parts.push(`the replicas of ${consumerNames(lateConsumers)}`);
  return {
    text:
      `${parts.join(" and ")} have not caught up yet: what ${cluster?.leader ?? "the leader"} holds is not safe from its loss ` +
      "until they have; watch it with relight cluster status",
    worthWaiting: all.some(({ offline }) => !offline),
  };
}

function followersBehind(cluster: ClusterInfo | null | undefined): readonly ReplicaInfo[] {
  return (cluster?.replicas ?? []).filter(
    ({ current, offline = false, active, lag = 0 }) =>
      !keepsUp({ current, offline, activeMs: active > 0 ? active / 1e6 : null, lag }),
  );
}

function consumerNames(consumers: readonly { readonly name: string }[]): string {
  const [first = { name: "" }] = consumers;
  return consumers.length === 1 ? `consumer "${first.name}"` : `${consumers.length} consumers ("${first.name}", ...)`;
}
