import { nuid } from "@nats-io/nats-core";
import { isRelightError, RelightError } from "../../errors.ts";
import { isText } from "../../formats/subjects/subject-text.ts";
import { ApiErrorCode } from "../../jetstream/api-error-codes.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { interimNames } from "../../jetstream/restore-leftovers.ts";
import type { Session } from "../../jetstream/session.ts";
import { leftOutByMirrors, withoutActedUpon } from "../message-restore/acted-upon-headers.ts";
import { awaitReplicas } from "../message-restore/await-replicas.ts";
import { copyByMirror } from "../message-restore/copy-by-mirror.ts";
import { createStream } from "../message-restore/create-stream.ts";
import { gapConfig, type Interim, interimConfig } from "../message-restore/interim-config.ts";
import { liveMessages } from "../message-restore/live-messages.ts";
import { MessagePublisher } from "../message-restore/message-publisher.ts";
import { recreateConsumers } from "../message-restore/recreate-consumers.ts";
import { RemovedHeaders } from "../message-restore/removed-headers.ts";
import type { PreparedRestore } from "./prepare-restore.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";

export interface PublishOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
}

const nothing = new Uint8Array(0);

/**
 * Restores the archive of a stream in memory to a server that takes no such archive: makes the stream, gives it the messages
 * in their order under their sequences, and only then its configuration and consumers. Returns what came back otherwise than it was, in words.
 *
 * By the route `through-mirror` the server copies the messages from a stream in files, with their times; by `by-message` they are
 * published, and gaps are filled with messages that are removed again.
 *
 * Throws RESTORE_FAILED, STREAM_EXISTS, TIMEOUT, CONNECTION_LOST, CANCELLED; what it made is removed then, as far as the
 * server can be reached.
 */
export async function publishRestore(
  session: Session,
  prepared: PreparedRestore,
  options: PublishOptions,
): Promise<string[]> {
  const { api } = session;
  const { plan, facts } = prepared;
  const { config } = plan;
  const id = nuid.next();
  const removed = new RemovedHeaders();
  const mirror = plan.route === "through-mirror" && facts.messages > 0;
  const interim = interimConfig(config, api.serverVersion, id);
  try {
    if (mirror) await copy(session, prepared, options, { id, removed });
    else await createStream(api, interim.config);
    await fill(session, prepared, options, { interim, removed, mirror });
    options.onEvent?.({ kind: "finishing", stream: config.name });
    await settle(session, config, () => recreateConsumers(api, config, facts.consumers));
    if (mirror) await api.deleteStream(interimNames.origin(config.name, id));
    return removed.notes();
  } catch (error) {
    await removeInterim(session, config.name, id);
    throw failed(config.name, error);
  }
}

interface Making {
  readonly interim: Interim;
  readonly removed: RemovedHeaders;
  readonly mirror: boolean;
}

async function copy(
  session: Session,
  prepared: PreparedRestore,
  { signal, onEvent }: PublishOptions,
  { id, removed }: { readonly id: string; readonly removed: RemovedHeaders },
): Promise<void> {
  const { plan, facts, stored } = prepared;
  for await (const messages of liveMessages(stored.archive)) {
    for (const { headers } of messages) removed.add(leftOutByMirrors(headers));
  }
  await copyByMirror(session, {
    archive: stored.archive,
    config: plan.config,
    id,
    messages: facts.messages,
    lastSequence: facts.lastSequence,
    streamLastSequence: facts.streamLastSequence,
    signal,
    onProgress: (messages) => onEvent?.(sending(prepared, messages)),
  });
}

/** Publishes what is missing: all, or only the gap behind the last message. */
async function fill(
  session: Session,
  prepared: PreparedRestore,
  { signal, onEvent }: PublishOptions,
  { interim, removed, mirror }: Making,
): Promise<void> {
  const { api } = session;
  const { plan, facts, stored } = prepared;
  const { name } = plan.config;
  const last = facts.streamLastSequence;
  if (mirror && facts.lastSequence === last) return;
  if (mirror) await api.updateStream(gapConfig(interim));
  else {
    // A purge up to a sequence that is still to come makes it the next one, on every version.
    const first = facts.messages > 0 ? facts.firstSequence : last + 1;
    if (first > 1) await api.request(`STREAM.PURGE.${name}`, { seq: first });
    if (facts.messages === 0) return;
  }
  const publisher = new MessagePublisher(api.connection, {
    stream: name,
    first: mirror ? facts.lastSequence + 1 : facts.firstSequence,
    inboxPrefix: session.apiOptions.inboxPrefix,
    signal,
  });
  const rules = {
    version: api.serverVersion,
    stream: name,
    allowRollups: plan.config.allow_rollup_hdrs === true,
    allowTtl: plan.config.allow_msg_ttl === true,
  };
  const gapTo = mirror ? interim.gapStored : interim.gapTo;
  try {
    let gaps = 0;
    const fillUpTo = async (sequence: number): Promise<void> => {
      for (; publisher.next < sequence; gaps++) await publisher.publish(gapTo, nothing, nothing);
    };
    let published = 0;
    for await (const messages of mirror ? [] : liveMessages(stored.archive)) {
      for (const message of messages) {
        if (!isText(message.subject)) throw notToBePublished(message.sequence);
        await fillUpTo(message.sequence);
        const { block, removed: names } = withoutActedUpon(message.headers, message.sequence, rules);
        removed.add(names);
        await publisher.publish(interim.publishTo(message.subject), block, message.payload);
      }
      published += messages.length;
      onEvent?.(sending(prepared, published));
    }
    await fillUpTo(last + 1);
    await publisher.drained();
    if (gaps > 0) {
      await api.request(`STREAM.PURGE.${name}`, { filter: interim.gapStored }, { timeoutMs: 60_000 });
      await awaitReplicas(api, name);
    }
  } finally {
    publisher.close();
  }
}

/**
 * Gives the stream its configuration and its consumers. Interest comes last: without consumers there is none, and the messages
 * would go.
 */
async function settle({ api }: Session, config: StreamConfig, consumers: () => Promise<void>): Promise<void> {
  const interest = config.retention === "interest";
  const { sealed, ...open } = config;
  const first = interest ? { ...open, retention: "limits" as const } : open;
  await api.updateStream(first);
  await consumers();
  if (interest || sealed) await api.updateStream(config);
}

function sending({ plan, stored, facts }: PreparedRestore, messages: number): StreamRestoreEvent {
  const { archiveBytes } = stored;
  const bytes = Math.round((archiveBytes * messages) / Math.max(1, facts.messages));
  return { kind: "sending", stream: plan.stream, bytes, totalBytes: archiveBytes };
}

/** Removes what this run made, and nothing else. What cannot be removed is found by the caller, who looks for it. */
async function removeInterim({ api }: Session, stream: string, id: string): Promise<void> {
  try {
    await api.deleteStream(interimNames.origin(stream, id));
    const found = await api.findStream(stream);
    if (found?.config.description === interimNames.description(id)) await api.deleteStream(stream);
  } catch {
    // The connection may be gone.
  }
}

/** Clients send subjects as text: the message would come back under another one. */
function notToBePublished(sequence: number): RelightError {
  return new RelightError(
    "RESTORE_FAILED",
    `the subject of message ${sequence} is no UTF-8, which cannot be published`,
    {
      hint: "Restore the stream into files (--storage file), which takes the archive as it is; or leave such messages out with --subject.",
    },
  );
}

function failed(stream: string, error: unknown): unknown {
  if (!isRelightError(error, "API_ERROR")) return error;
  if (error.context.errCode === ApiErrorCode.streamNameInUse) {
    return new RelightError("STREAM_EXISTS", `Stream "${stream}" already exist`, { cause: error, context: { stream } });
  }
  return new RelightError("RESTORE_FAILED", `restore of "${stream}": ${error.message}`, {
    cause: error,
    context: { ...error.context, stream },
  });
}
