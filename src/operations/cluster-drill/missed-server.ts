import { setTimeout as sleep } from "node:timers/promises";
import { type ObserveOptions, observeCluster } from "../../cluster/observe/observe-cluster.ts";
import type { Sample } from "../../cluster/picture.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { RelightError } from "../../errors.ts";

const patienceMs = 60_000;

/**
 * Looks until the cluster itself misses a server: it does not answer, and a meta leader that hears from a quorum does not call it
 * current any more, which takes it ten seconds. Throws SERVER_START_FAILED where that does not come about, and CANCELLED.
 */
export async function lookUntilMissed(options: ObserveOptions, server: string, signal: AbortSignal): Promise<Sample> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const sample = await observeCluster({ ...options, signal });
    if (misses(sample, server)) return sample;
    if (Date.now() > until) {
      throw new RelightError("SERVER_START_FAILED", `the cluster did not miss ${server} in ${patienceMs / 1000} s`);
    }
    await sleep(500, undefined, { signal }).catch(() => {});
  }
}

function misses({ servers, meta }: Sample, server: string): boolean {
  const silent = servers.some(({ name, answers }) => name === server && seenOr(answers, true) === false);
  if (!silent || !isSeen(meta) || meta.leader === null || meta.leader === server) return false;
  const member = seenOr(meta.peers, []).find(({ name }) => name === server);
  const standing = member === undefined ? undefined : seenOr(member.standing, undefined);
  return standing !== undefined && !standing.current;
}
