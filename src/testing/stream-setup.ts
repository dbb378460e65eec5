import type { NatsConnection } from "@nats-io/nats-core";
import { jsRequest } from "./js-request.ts";
import type { LiveModel } from "./live-model.ts";
import { type HeaderFields, publishAll } from "./publish.ts";
import type { OpenConfig, StreamFacts } from "./stream-info.ts";
import type { KindOptions } from "./stream-kind.ts";

/** Creates a stream with file storage, limits retention and the wanted replicas, where `config` does not say otherwise. */
export async function createStream(
  nc: NatsConnection,
  config: OpenConfig & { readonly name: string },
  options: KindOptions = {},
): Promise<StreamFacts> {
  const full = { retention: "limits", storage: "file", num_replicas: options.replicas ?? 1, ...config };
  return await jsRequest<StreamFacts>(nc, `STREAM.CREATE.${config.name}`, full);
}

/** Creates a consumer: durable where `config` has `durable_name`, else one of the given `name`. */
export async function createConsumer(
  nc: NatsConnection,
  stream: string,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  const name = config.durable_name ?? config.name;
  const subject = `CONSUMER.CREATE.${stream}.${String(name)}`;
  await jsRequest(nc, subject, { stream_name: stream, config: { name, ack_policy: "explicit", ...config } });
}

/** Deletes one message: overwritten with noise (erase, the server's default) or only marked as gone. */
export async function deleteMessage(nc: NatsConnection, stream: string, seq: number, erase: boolean): Promise<void> {
  await jsRequest(nc, `STREAM.MSG.DELETE.${stream}`, { seq, ...(erase ? {} : { no_erase: true }) });
}

/** Purges a stream: wholly, up to a sequence (exclusive), one subject, or all but the newest few. */
export async function purgeStream(
  nc: NatsConnection,
  stream: string,
  what: { readonly seq?: number; readonly filter?: string; readonly keep?: number } = {},
): Promise<void> {
  await jsRequest(nc, `STREAM.PURGE.${stream}`, what);
}

/** Publishes `count` small messages to subjects in turn and follows them in the model. */
export async function publishNumbered(
  nc: NatsConnection,
  model: LiveModel,
  count: number,
  subjectOf: (index: number) => string,
  headersOf: (index: number) => HeaderFields | undefined = () => undefined,
): Promise<void> {
  const messages = [];
  for (let i = 0; i < count; i++) {
    const subject = subjectOf(i);
    model.publish(subject);
    const headers = headersOf(i);
    messages.push({ subject, payload: `message ${i} of ${subject}`, ...(headers === undefined ? {} : { headers }) });
  }
  await publishAll(nc, messages);
}

/** Waits until a stream holds as much as the model says, for what the server does by itself; at most 20 seconds. */
export async function reachesModel(nc: NatsConnection, stream: string, model: LiveModel): Promise<void> {
  const until = Date.now() + 20_000;
  for (;;) {
    const { state } = await jsRequest<StreamFacts>(nc, `STREAM.INFO.${stream}`);
    if (state.messages === model.live.length && state.last_seq === model.lastSeq) return;
    if (Date.now() > until) {
      const should = `${model.live.length} messages up to ${model.lastSeq}`;
      throw new Error(`${stream} holds ${state.messages} messages up to ${state.last_seq} instead of ${should}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
