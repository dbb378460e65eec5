import { createHash } from "node:crypto";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import { captureStream } from "../../jetstream/capture/capture-stream.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

/** A stream as it is: every message and every consumer. */
export interface StreamContent {
  readonly name: string;
  readonly info: StreamInfo;
  /** By sequence. */
  readonly messages: ReadonlyMap<number, ContentMessage>;
  readonly consumers: readonly ConsumerInfo[];
  /** Consumers that do not answer. */
  readonly silentConsumers: readonly string[];
}

export interface ContentMessage {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Of subject, headers and payload. */
  readonly hash: string;
}

/** Reads a stream from its first message to its last. Throws what reading throws: STREAM_NOT_FOUND, SNAPSHOT_STALLED, ... */
export async function readContent(api: JetStreamApi, name: string, signal: AbortSignal): Promise<StreamContent> {
  const info = await api.streamInfo(name);
  const { consumers, missing } = await api.consumers(name);
  const messages = new Map<number, ContentMessage>();
  const sink = {
    take: (sequence: number, time: bigint, ...parts: readonly Uint8Array[]): void => {
      messages.set(sequence, { time, hash: hashOf(parts) });
    },
    room: (): Promise<void> => Promise.resolve(),
  };
  await captureStream(api, info, { sink, signal });
  return { name, info, messages, consumers, silentConsumers: missing };
}

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  // The lengths keep apart what is put together.
  for (const part of parts) hash.update(`${part.byteLength}:`).update(part);
  return hash.digest("base64");
}
