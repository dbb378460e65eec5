import type { Tolerances } from "../compare-streams.ts";
import type { Difference } from "../difference.ts";
import type { ConsumerFacts } from "../read-consumers.ts";
import type { StreamContents } from "../read-stream.ts";
import { versionAtLeast } from "../stream-info.ts";
import { unknownConsumerFields, unknownStreamFields } from "./fields-by-version.ts";

export interface RestorePair {
  /** The version of the server that made the backup, and of the one that it is restored to. */
  readonly from: string;
  readonly to: string;
  /** Both are clusters. */
  readonly clustered?: boolean;
  /** The target's store is encrypted. */
  readonly encrypted?: boolean;
  /** Sent as it is by another tool, or a stream that was restored before: creation times are not compared. */
  readonly asItIs?: boolean;
  /** The server was ended and started again after the restore. */
  readonly relaunched?: boolean;
}

/** Everything in which a stream restored to another server may differ from what it was. Nothing else may. */
export function restoreTolerances(before: StreamContents, pair: RestorePair): Tolerances {
  const { from, to, clustered = false, encrypted = false, relaunched = false } = pair;
  const createdLater = relaunched && (encrypted || !versionAtLeast(to, "2.14.0"));
  const v2 = versionAtLeast(from, "2.15.0");
  const inMemory = before.info.config.storage === "memory";
  // Before 2.12 their messages are published anew.
  const anew = inMemory && !versionAtLeast(to, "2.12.0");
  return {
    // 2.10 empties a stream over first_seq, so a restore leaves it out.
    ...(anew ? { messageTimes: true, streamState: ["first_ts", "last_ts"] } : {}),
    streamConfig: [...unknownStreamFields(to), ...(to.startsWith("2.10.") ? ["first_seq"] : [])],
    consumerConfig: unknownConsumerFields(to),
    consumerState: versionAtLeast(to, "2.11.0") ? [] : ["paused"],
    // A v1 archive has no consumer that was kept in memory, and none of a single replica that is on another node. The
    // manifest says so.
    missingConsumers: ({ config }) =>
      !v2 && (config.mem_storage === true || (clustered && config.durable_name === undefined)),
    rolledBackToAckFloor: v2 && clustered,
    // Clusters give a restored stream a new creation time. Other servers keep the old one in memory, but some write the
    // time of the restore into the stream's file, which shows after a restart: those before 2.14 when they change the
    // configuration, and all when they encrypt it.
    created: !clustered && !inMemory && !createdLater && !pair.asItIs,
  };
}

/** Differences that the servers make themselves, of archives that are right by every checksum. */
export function isServersOwn(
  difference: Difference,
  before: StreamContents,
  after: StreamContents,
  pair: RestorePair,
): boolean {
  if (difference.kind === "stream-state") return isOwnState(difference.field, before, after, pair);
  if (difference.kind === "stream-config") {
    // Servers before 2.14 give every stream a window against duplicates, later ones not those that source others.
    return difference.field === "duplicate_window" && difference.before === undefined;
  }
  if (difference.kind !== "consumer-state") return false;
  const consumer = before.consumers.find((one) => one.name === difference.consumer);
  if (!consumer) return false;
  if (difference.field === "num_pending" && isFilterLost(consumer, pair)) return true;
  // Where a consumer that has not begun stands, a new leader of it says by the stream's first sequence.
  const now = after.consumers.find((one) => one.name === difference.consumer);
  const neverBegan = consumer.delivered.consumer_seq === 0 && now?.delivered.consumer_seq === 0;
  const position = ["delivered.stream_seq", "ack_floor.stream_seq"].includes(difference.field);
  if ((pair.clustered || pair.asItIs) && neverBegan && position) return true;
  // 2.10 writes "nothing delivered" into the snapshot for a consumer that is to start with the last message and has not
  // begun: it begins with the first one after a restore. The manifest says that it is behind.
  const notBegun = consumer.config.deliver_policy === "last" && consumer.delivered.consumer_seq === 0;
  const standing = ["delivered.stream_seq", "num_pending"].includes(difference.field);
  return pair.from.startsWith("2.10.") && notBegun && standing;
}

function isOwnState(field: string, before: StreamContents, after: StreamContents, pair: RestorePair): boolean {
  const { from, to, clustered = false, asItIs = false } = pair;
  const { state } = before.info;
  // A stream that was never written begins at 0 or at 1: both mean nothing.
  if (field === "first_seq") return state.last_seq === 0 && after.info.state.first_seq === 1;
  if (field !== "last_ts") return false;
  // Of a stream without messages the servers say the year 1, 1754 or 1970, whichever they come by.
  if (state.messages === 0) return true;
  // The time of an erased message is gone: 2.9 does not keep it elsewhere; 2.10 and later keep it in the index, which a
  // server that is older than the archive cannot read and followers do not get; and v2 has it for nobody.
  const lastLive = before.messages.sequenceAt(before.messages.length - 1);
  const indexLost =
    from.startsWith("2.9.") || !versionAtLeast(to, from) || clustered || (asItIs && versionAtLeast(from, "2.15.0"));
  return indexLost && lastLive < state.last_seq;
}

/** 2.9 does not know a consumer with several filters, and so has it deliver everything. The plan warns of it. */
function isFilterLost({ config }: ConsumerFacts, { to }: RestorePair): boolean {
  return config.filter_subjects !== undefined && !versionAtLeast(to, "2.10.0");
}
