import type { NatsConnection } from "@nats-io/nats-core";
import { awaitInterest } from "./await-interest.ts";
import { JsApiError, jsRequest } from "./js-request.ts";
import type { LiveModel } from "./live-model.ts";
import { type HeaderFields, publishAll } from "./publish.ts";
import type { OpenConfig, StreamFacts } from "./stream-info.ts";
import type { KindOptions } from "./stream-kind.ts";

const streamNotFound = 10059;
const noSuitablePeers = 10005;
/** "sequence 56 not found", "no message found". */
const isGone: readonly number[] = [10043, 10057];

/**
 * Creates a stream with file storage, limits retention and the wanted replicas, where `config` does not say otherwise;
 * returns when it can be published to.
 */
export async function createStream(
  nc: NatsConnection,
  config: OpenConfig & { readonly name: string },
  options: KindOptions = {},
): Promise<StreamFacts> {
  const full = { retention: "limits", storage: "file", num_replicas: options.replicas ?? 1, ...config };
  const created = await settingUp<StreamFacts>(nc, `STREAM.CREATE.${config.name}`, full);
  // Wherever in a cluster the stream is, the server that the client is on may not have heard of it.
  if (nc.info?.cluster) await awaitInterest(nc, subjectsOf(config));
  return created;
}

function subjectsOf(config: OpenConfig): readonly string[] {
  return Array.isArray(config.subjects) ? config.subjects.map(String) : [];
}

/** Creates a consumer: durable where `config` has `durable_name`, else one of the given `name`. */
export async function createConsumer(
  nc: NatsConnection,
  stream: string,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  const name = config.durable_name ?? config.name;
  const subject = `CONSUMER.CREATE.${stream}.${String(name)}`;
  const request = { stream_name: stream, config: { name, ack_policy: "explicit", ...config } };
  await settingUp(nc, subject, request);
}

/**
 * A request while a cluster or a stream in it is new: the server that answers may not have heard yet of the stream, or
 * of the peers to place it on. Asked again for up to 15 seconds, as such an answer means that nothing was done.
 */
async function settingUp<T>(nc: NatsConnection, subject: string, body: object): Promise<T> {
  const until = Date.now() + 15_000;
  for (;;) {
    try {
      return await jsRequest<T>(nc, subject, body);
    } catch (error) {
      const early = error instanceof JsApiError && [streamNotFound, noSuitablePeers].includes(error.errCode);
      // To create once more what is there already does nothing.
      const lost = subject.includes(".CREATE.") && String(error).includes("TimeoutError");
      if (!(early || lost) || !nc.info?.cluster || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Deletes one message: overwritten with noise (erase, the server's default) or only marked as gone. */
export async function deleteMessage(nc: NatsConnection, stream: string, seq: number, erase: boolean): Promise<void> {
  try {
    await settingUp(nc, `STREAM.MSG.DELETE.${stream}`, { seq, ...(erase ? {} : { no_erase: true }) });
  } catch (error) {
    // While a cluster is new, 2.10 now and then takes a request twice, and the second answer comes first.
    const twice = nc.info?.cluster !== undefined && error instanceof JsApiError && isGone.includes(error.errCode);
    if (!twice) throw error;
  }
}

/** Purges a stream: wholly, up to a sequence (exclusive), one subject, or all but the newest few. */
export async function purgeStream(
  nc: NatsConnection,
  stream: string,
  what: { readonly seq?: number; readonly filter?: string; readonly keep?: number } = {},
): Promise<void> {
  await settingUp(nc, `STREAM.PURGE.${stream}`, what);
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

/**
 * Waits until a stream's leader knows all its consumers, at most 10 seconds: in a cluster a consumer answers before
 * that, and an interest stream removes meanwhile what the new one has not seen.
 */
export async function awaitConsumers(nc: NatsConnection, stream: string, count: number): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    const { state } = await jsRequest<StreamFacts>(nc, `STREAM.INFO.${stream}`);
    if (state.consumer_count === count) return;
    if (Date.now() > until) throw new Error(`${stream} knows ${state.consumer_count} consumers of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
