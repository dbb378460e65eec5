import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { JsApiError, jsRequest } from "../js-request.ts";

interface Clustered {
  readonly config?: { readonly num_replicas?: number; readonly durable_name?: string };
  readonly cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly lag?: number }[] | null;
  };
}

const patienceMs = 120_000;

/** Waits until every stream and every consumer has a leader and all its replicas are current; at most two minutes each. */
export async function settleCluster(nc: NatsConnection, replicas: number): Promise<void> {
  for (const stream of await streamNames(nc)) {
    await until(nc, `STREAM.INFO.${stream}`, (info) => isCurrent(info, replicas));
    const { consumers } = await jsRequest<{ consumers?: readonly string[] | null }>(nc, `CONSUMER.NAMES.${stream}`);
    // A consumer may have fewer replicas than its stream. Until the others have been heard of, one of them may not have got the
    // position that a restore gave it (seen once on 2.15, when it led right after).
    // A leader of a consumer may tell of no follower for minutes (seen on 2.10 to 2.14), so that this is no condition.
    const settled = (name: string) =>
      until(nc, `CONSUMER.INFO.${stream}.${name}`, (info) => isCurrent(info, replicasOf(info, replicas)), 10_000).catch(
        () => {},
      );
    await Promise.all((consumers ?? []).map(settled));
  }
}

/** Has every stream and every consumer elect another leader, and waits until they have. */
export async function stepDownAll(nc: NatsConnection): Promise<void> {
  for (const stream of await streamNames(nc)) {
    const { consumers } = await jsRequest<{ consumers?: readonly string[] | null }>(nc, `CONSUMER.NAMES.${stream}`);
    await stepDown(nc, `STREAM.INFO.${stream}`, `STREAM.LEADER.STEPDOWN.${stream}`);
    await Promise.all(
      (consumers ?? []).map((name) =>
        stepDown(nc, `CONSUMER.INFO.${stream}.${name}`, `CONSUMER.LEADER.STEPDOWN.${stream}.${name}`),
      ),
    );
  }
}

async function stepDown(nc: NatsConnection, infoSubject: string, subject: string): Promise<void> {
  const before = await jsRequest<Clustered>(nc, infoSubject);
  const members = 1 + (before.cluster?.replicas?.length ?? 0);
  if (members === 1) return;
  try {
    await jsRequest(nc, subject, {});
  } catch (error) {
    if (!(error instanceof JsApiError)) throw error;
  }
  const left = before.cluster?.leader;
  await until(nc, infoSubject, (info) => info.cluster?.leader !== left && isCurrent(info, members));
}

/** How many replicas a consumer has: what it says itself, else as many as its stream, or one where it is no durable one. */
const replicasOf = ({ config }: Clustered, ofStream: number): number =>
  config?.num_replicas || (config?.durable_name === undefined ? 1 : ofStream);

function isCurrent(info: Clustered, replicas: number): boolean {
  const others = (info.cluster?.replicas ?? []).filter(({ current, lag }) => current && (lag ?? 0) === 0);
  return Boolean(info.cluster?.leader) && others.length >= replicas - 1;
}

async function streamNames(nc: NatsConnection): Promise<readonly string[]> {
  const names: string[] = [];
  for (;;) {
    const page = await jsRequest<{ total: number; streams?: readonly string[] | null }>(nc, "STREAM.NAMES", {
      offset: names.length,
    });
    names.push(...(page.streams ?? []));
    if (!page.streams?.length || names.length >= page.total) return names;
  }
}

/** Asks until the answer is right; one that does not come, or is an error, counts as not yet. */
async function until(
  nc: NatsConnection,
  subject: string,
  right: (info: Clustered) => boolean,
  forMs = patienceMs,
): Promise<void> {
  const deadline = Date.now() + forMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const info = await jsRequest<Clustered>(nc, subject, undefined, { timeout: 2_000 });
      if (right(info)) return;
      last = JSON.stringify(info.cluster);
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`${subject} did not settle: ${String(last)}`);
}
