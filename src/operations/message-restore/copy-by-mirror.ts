import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../../errors.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { isWireNear } from "../../jetstream/is-near.ts";
import { restoreStream } from "../../jetstream/restore.ts";
import { interimNames } from "../../jetstream/restore-leftovers.ts";
import type { Session } from "../../jetstream/session.ts";
import { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { createStream } from "./create-stream.ts";
import { mirrorConfig } from "./interim-config.ts";

/** A copy that gets no further for so long has met a message that the server does not take. */
const stuckMs = 30_000;
const inFlight = 16;

export interface CopyOptions {
  readonly archive: string;
  /** Of the stream that is made. */
  readonly config: StreamConfig;
  readonly id: string;
  readonly messages: number;
  readonly lastSequence: number;
  readonly streamLastSequence: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (messages: number) => void;
}

/**
 * Makes a stream in memory whose messages have their sequences and times: the archive is restored into a stream in files,
 * which the other one mirrors. From nats-server 2.12 on a mirror can be turned into a stream of its own, which the caller
 * does. The stream in files is deleted again.
 *
 * Throws what a restore throws, RESTORE_FAILED where the copy gets stuck, and CANCELLED.
 */
export async function copyByMirror(session: Session, options: CopyOptions): Promise<void> {
  const { api } = session;
  const { config, id, signal } = options;
  const origin = interimNames.origin(config.name, id);
  const placed = config.placement ? { placement: config.placement } : {};
  const subjects = [interimNames.originSubject(id)];
  const files: StreamConfig = {
    name: origin,
    subjects,
    storage: "file",
    retention: "limits",
    num_replicas: 1,
    ...placed,
  };
  try {
    await restoreFiles(session, files, options);
    await createStream(api, mirrorConfig(config, id, origin));
    let copied = 0;
    for (let since = Date.now(); ; ) {
      if (signal?.aborted) {
        throw new RelightError("CANCELLED", `the restore of "${config.name}" was cancelled`, { cause: signal.reason });
      }
      const { state } = await api.streamInfo(config.name);
      options.onProgress(state.messages);
      if (state.messages === options.messages && state.last_seq >= options.lastSequence) return;
      if (state.messages > copied) {
        copied = state.messages;
        since = Date.now();
      }
      if (Date.now() - since > stuckMs) {
        const message = `restore of "${config.name}": the server copies no further than sequence ${state.last_seq}`;
        throw new RelightError("RESTORE_FAILED", message, { context: { stream: config.name } });
      }
      await sleep(50);
    }
  } catch (error) {
    await api.deleteStream(origin).catch(() => {});
    throw error;
  }
}

async function restoreFiles(session: Session, config: StreamConfig, options: CopyOptions): Promise<void> {
  const connection = await session.dedicate();
  const converted = ConvertedArchive.start(
    {
      path: options.archive,
      spec: {},
      config,
      created: new Date().toISOString(),
      lastSequence: options.streamLastSequence,
      compress: !(await isWireNear(connection)),
    },
    { inUse: inFlight + 1 },
  );
  try {
    await converted.ready;
    await restoreStream(connection, {
      ...session.apiOptions,
      config,
      archive: converted,
      inFlight,
      onProgress: ({ bytes }) => converted.free(bytes),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } finally {
    await connection.close();
    await converted.close();
  }
}
