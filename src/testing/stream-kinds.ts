import type { NatsConnection } from "@nats-io/nats-core";
import { keyValueKind, objectStoreKind } from "./kinds/buckets.ts";
import { configurationsKind } from "./kinds/configurations.ts";
import { consumersKind } from "./kinds/consumers.ts";
import {
  bigMessagesKind,
  binaryKind,
  compressedKind,
  headersKind,
  memoryKind,
  multiBlockKind,
  unicodeKind,
} from "./kinds/content.ts";
import { atomicKind, countersKind, deleteMarkersKind, schedulesKind, timeToLiveKind } from "./kinds/features.ts";
import {
  discardNewKind,
  emptyKind,
  evictedKind,
  firstSequenceKind,
  gapsKind,
  purgedKind,
  subjectLimitKind,
} from "./kinds/holes.ts";
import { mirrorKind, sourcesKind } from "./kinds/linked.ts";
import { interestKind, workQueueKind } from "./kinds/queues.ts";
import { versionAtLeast } from "./stream-info.ts";
import type { ExpectedFacts, KindOptions, StreamKind } from "./stream-kind.ts";

/** Every kind of stream that a backup must survive, as the matrix of tests walks them. */
export const streamKinds: readonly StreamKind[] = [
  headersKind,
  binaryKind,
  unicodeKind,
  emptyKind,
  purgedKind,
  gapsKind,
  subjectLimitKind,
  evictedKind,
  discardNewKind,
  firstSequenceKind,
  keyValueKind,
  objectStoreKind,
  workQueueKind,
  interestKind,
  consumersKind,
  mirrorKind,
  sourcesKind,
  configurationsKind,
  compressedKind,
  multiBlockKind,
  bigMessagesKind,
  memoryKind,
  timeToLiveKind,
  deleteMarkersKind,
  countersKind,
  atomicKind,
  schedulesKind,
];

/** A kind that now exists on a server, with what it must hold. */
export interface CreatedKind {
  readonly kind: StreamKind;
  readonly facts: ExpectedFacts;
}

/** The kinds that the connected server can hold: by its version, its `max_payload`, and the replicas wanted. */
export function kindsFor(nc: NatsConnection, options: KindOptions = {}): StreamKind[] {
  const version = serverVersion(nc);
  const maxPayload = nc.info?.max_payload ?? 0;
  return streamKinds.filter(
    (kind) =>
      versionAtLeast(version, kind.minVersion) &&
      maxPayload >= (kind.minPayload ?? 0) &&
      !(kind.singleReplica && (options.replicas ?? 1) > 1),
  );
}

/**
 * Creates kinds side by side (all that the server can hold by default) on an account that has none of their streams,
 * and returns them in the order given. Some 3 seconds; from 2.11 on it waits for messages to expire.
 */
export async function createStreamKinds(
  nc: NatsConnection,
  kinds: readonly StreamKind[] = kindsFor(nc),
  options: KindOptions = {},
): Promise<CreatedKind[]> {
  const version = serverVersion(nc);
  const create = async (kind: StreamKind): Promise<CreatedKind> => {
    try {
      return { kind, facts: await kind.create(nc, version, options) };
    } catch (error) {
      throw new Error(`kind ${kind.name} on ${version}: ${String(error)}`, { cause: error });
    }
  };
  // Three servers that elect leaders for a hundred groups at once have no time for requests.
  const atOnce = nc.info?.cluster ? 4 : kinds.length;
  const created: CreatedKind[] = [];
  for (let at = 0; at < kinds.length; at += atOnce) {
    created.push(...(await Promise.all(kinds.slice(at, at + atOnce).map(create))));
  }
  return created;
}

function serverVersion(nc: NatsConnection): string {
  return nc.info?.version ?? "0.0.0";
}
