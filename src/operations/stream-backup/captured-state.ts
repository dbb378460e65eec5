import { isoTime } from "../../formats/directory/archive-facts.ts";
import { type ConsumerState, pendingAcks, redelivered } from "../../formats/filestore/consumer-state.ts";
import { type Description, describeConsumer, describeState } from "../../formats/natsarc/encode-natsarc.ts";
import type { ConsumerInfo, StreamConfig, StreamState } from "../../jetstream/api-types.ts";

/** What was read of a stream. */
export interface CapturedContent {
  readonly messages: number;
  readonly first: number;
  readonly firstTime: bigint | undefined;
  readonly storedBytes: number;
}

/** What Go says of a time that there is none of. */
const never = "0001-01-01T00:00:00Z";

/** `state.json` of a captured stream: its last sequence at the start, and what was read up to there. */
export function capturedState(state: StreamState, content: CapturedContent, consumers: number): Description {
  const empty = content.messages === 0;
  const first = empty ? (state.last_seq > 0 ? state.last_seq + 1 : state.first_seq) : content.first;
  const deleted = empty ? 0 : state.last_seq - content.first + 1 - content.messages;
  return describeState({
    messages: content.messages,
    bytes: content.storedBytes,
    first_seq: first,
    first_ts: isoTime(content.firstTime) ?? never,
    last_seq: state.last_seq,
    last_ts: state.last_ts,
    ...(deleted > 0 ? { num_deleted: deleted } : {}),
    consumer_count: consumers,
  });
}

/** As long as any state can become: what is known at the end only has the longest numbers. */
export function longestState(state: StreamState, consumers: number): Description {
  const most = Number.MAX_SAFE_INTEGER;
  const text = `${"9".repeat(isoTime(0n)?.length ?? 0)}`;
  return describeState({
    messages: most,
    bytes: most,
    first_seq: most,
    first_ts: text,
    last_seq: most,
    last_ts: `${text}${state.last_ts}`,
    num_deleted: most,
    consumer_count: consumers,
  });
}

/**
 * Consumers as the archive gets them: their configuration, and where they stood before the first message was read. Which
 * messages await an acknowledgement no server tells, so that where some do, deliveries begin again at the floor, as 2.15 does
 * in clusters. One that starts with the last message of each subject and has not begun starts anew.
 */
export function capturedConsumers(consumers: readonly ConsumerInfo[], lastSequence: number): Description[] {
  return consumers.map((info) =>
    describeConsumer(info.name, withoutServersMetadata(info.config), consumerState(info, lastSequence)),
  );
}

/** The consumers that deliver again what awaited an acknowledgement, in words. */
export function rolledBackNotes(consumers: readonly ConsumerInfo[]): string[] {
  return consumers
    .filter((info) => info.num_ack_pending > 0)
    .map(
      (info) =>
        `consumer "${info.name}" had ${info.num_ack_pending} messages that awaited an acknowledgement; which ones no server ` +
        `tells, so that a restore delivers again from sequence ${info.ack_floor.stream_seq + 1} on`,
    );
}

function consumerState(info: ConsumerInfo, lastSequence: number): ConsumerState | undefined {
  const begun = info.delivered.consumer_seq > 0;
  if (!begun && info.config.deliver_policy === "last_per_subject") return undefined;
  const at = (pair: ConsumerInfo["delivered"]): ConsumerState["delivered"] => ({
    consumer: pair.consumer_seq,
    stream: Math.min(pair.stream_seq, lastSequence),
  });
  return {
    delivered: at(info.num_ack_pending > 0 ? info.ack_floor : info.delivered),
    ackFloor: at(info.ack_floor),
    pending: pendingAcks([]),
    redelivered: redelivered([]),
  };
}

/** The server adds to its answers what it does not keep. */
export function withoutServersMetadata<Config extends StreamConfig | ConsumerInfo["config"]>(config: Config): Config {
  const { metadata, ...rest } = config as { readonly metadata?: Readonly<Record<string, string>> | null };
  if (!metadata) return config;
  const kept = Object.entries(metadata).filter(([key]) => key !== "_nats.ver" && key !== "_nats.level");
  return (kept.length > 0 ? { ...rest, metadata: Object.fromEntries(kept) } : rest) as Config;
}
