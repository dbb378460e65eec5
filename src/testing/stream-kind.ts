import type { NatsConnection } from "@nats-io/nats-core";
import type { LiveModel } from "./live-model.ts";
import type { DeliveredPair } from "./read-consumers.ts";

/** Where a consumer must stand after its kind was created. */
export interface ExpectedConsumer {
  readonly name: string;
  readonly delivered?: DeliveredPair;
  readonly ackFloor?: DeliveredPair;
  readonly pending?: number;
  readonly ackPending?: number;
  readonly redelivered?: number;
}

/** What one stream must hold, known from what was done to it and not from the server. */
export interface ExpectedStream {
  readonly name: string;
  /** Sequences of all live messages, ascending. */
  readonly live: readonly number[];
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Consumers whose standing is known; `consumerCount` counts all. */
  readonly consumers: readonly ExpectedConsumer[];
  readonly consumerCount: number;
}

/** What a kind made: origins before the streams that mirror or source them. */
export interface ExpectedFacts {
  readonly streams: readonly ExpectedStream[];
}

export interface KindOptions {
  /** Replicas of every stream; 1 by default. */
  readonly replicas?: number;
}

/** A kind of stream that a backup must survive. All kinds have names and subjects of their own: one account takes all. */
export interface StreamKind {
  /** kebab-case, for the name of a test. */
  readonly name: string;
  readonly title: string;
  /** The first server version that can hold it. */
  readonly minVersion: string;
  /** Needs a server with at least this `max_payload`, in bytes. */
  readonly minPayload?: number;
  /** Only with a single replica. */
  readonly singleReplica?: boolean;
  /** Creates the streams on an account that has none of them; returns when the server has settled. */
  create(nc: NatsConnection, serverVersion: string, options?: KindOptions): Promise<ExpectedFacts>;
}

/** The facts of a stream that a model followed. */
export function expectedOf(
  name: string,
  model: LiveModel,
  consumers: readonly ExpectedConsumer[] = [],
  consumerCount: number = consumers.length,
): ExpectedStream {
  return { name, live: model.live, firstSeq: model.firstSeq, lastSeq: model.lastSeq, consumers, consumerCount };
}
