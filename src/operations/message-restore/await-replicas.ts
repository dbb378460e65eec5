import { setTimeout as sleep } from "node:timers/promises";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

const patienceMs = 15_000;
const pauseMs = 300;

/**
 * Waits until the replicas of a stream have what its leader has, at most 15 s: twice in a row, since a replica has a change
 * a moment before it carries it out. A consumer that is made on one that still holds a removed message counts it for good.
 */
export async function awaitReplicas(api: JetStreamApi, stream: string): Promise<void> {
  const until = Date.now() + patienceMs;
  for (let right = 0; right < 2 && Date.now() < until; ) {
    const { cluster } = await api.streamInfo(stream);
    const others = cluster?.replicas ?? [];
    if (others.length === 0) return;
    right = others.every(({ current, lag }) => current && (lag ?? 0) === 0) ? right + 1 : 0;
    await sleep(pauseMs);
  }
}
