import type { Difference } from "./difference.ts";
import type { ConsumerFacts } from "./read-consumers.ts";
import { configDifferences } from "./same-config.ts";

/** Which differences of consumers a caller knows of and expects. Each is off unless given. */
export interface ConsumerTolerances {
  /**
   * Consumers that need not come back: a predicate on the one that was there before. A v1 snapshot holds no consumer
   * with `mem_storage` (`(c) => c.config.mem_storage === true`).
   */
  readonly missingConsumers?: (before: ConsumerFacts) => boolean;
  /** Fields of a consumer's configuration that may differ, such as "num_replicas". */
  readonly consumerConfig?: readonly string[];
  /** Fields of a consumer's state that may differ: "num_pending", "num_redelivered", "delivered.consumer_seq", … */
  readonly consumerState?: readonly string[];
  /**
   * Where messages await an acknowledgement, a v2 snapshot of a cluster rolls `delivered` back to the acknowledgement
   * floor, forgets what is pending and what was delivered again, and so counts more messages as still to deliver.
   * Then delivered must be exactly the floor of before, nothing pending, nothing delivered again.
   */
  readonly rolledBackToAckFloor?: boolean;
}

/** Compares consumers by name: configuration, delivered, acknowledgement floor and all that is pending. */
export function compareConsumers(
  before: readonly ConsumerFacts[],
  after: readonly ConsumerFacts[],
  tolerate: ConsumerTolerances = {},
): Difference[] {
  const differences: Difference[] = [];
  const there = new Map(after.map((consumer) => [consumer.name, consumer]));
  for (const was of before) {
    const is = there.get(was.name);
    there.delete(was.name);
    if (is) differences.push(...compareConsumer(was, is, tolerate));
    else if (!tolerate.missingConsumers?.(was)) differences.push({ kind: "consumer-missing", consumer: was.name });
  }
  for (const name of there.keys()) differences.push({ kind: "consumer-extra", consumer: name });
  return differences;
}

function compareConsumer(was: ConsumerFacts, is: ConsumerFacts, tolerate: ConsumerTolerances): Difference[] {
  const differences: Difference[] = [];
  for (const difference of configDifferences(was.config, is.config)) {
    if (tolerate.consumerConfig?.includes(difference.field)) continue;
    differences.push({ kind: "consumer-config", consumer: was.name, ...difference });
  }
  const expected = standing(tolerate.rolledBackToAckFloor ? rolledBack(was) : was);
  const actual = standing(is);
  const rolled = tolerate.rolledBackToAckFloor === true && was.num_ack_pending > 0;
  for (const [field, value] of Object.entries(expected)) {
    if (value === actual[field] || tolerate.consumerState?.includes(field)) continue;
    // How many are to be delivered again depends on the consumer's filter, which is the server's to know.
    if (rolled && field === "num_pending" && Number(actual[field]) >= Number(value)) continue;
    differences.push({ kind: "consumer-state", consumer: was.name, field, before: value, after: actual[field] });
  }
  return differences;
}

function rolledBack(consumer: ConsumerFacts): ConsumerFacts {
  if (consumer.num_ack_pending === 0) return consumer;
  return { ...consumer, delivered: consumer.ack_floor, num_ack_pending: 0, num_redelivered: 0 };
}

function standing(consumer: ConsumerFacts): Record<string, number | boolean> {
  return {
    "delivered.consumer_seq": consumer.delivered.consumer_seq,
    "delivered.stream_seq": consumer.delivered.stream_seq,
    "ack_floor.consumer_seq": consumer.ack_floor.consumer_seq,
    "ack_floor.stream_seq": consumer.ack_floor.stream_seq,
    num_ack_pending: consumer.num_ack_pending,
    num_redelivered: consumer.num_redelivered,
    num_pending: consumer.num_pending,
    paused: consumer.pause_remaining !== undefined,
  };
}
