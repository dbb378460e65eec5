import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RelightError } from "../../errors.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import { type Captured, captureStream } from "../../jetstream/capture/capture-stream.ts";
import type { CaptureMethod } from "../../jetstream/capture/choose-method.ts";
import type { Session } from "../../jetstream/session.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { ArchiveCheck } from "../archive-check/archive-check.ts";
import { SpoolFile } from "../files/spool-file.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import { CaptureWriter } from "./capture-writer.ts";
import {
  type CapturedContent,
  capturedConsumers,
  capturedState,
  longestState,
  rolledBackNotes,
  withoutServersMetadata,
} from "./captured-state.ts";
import type { ReceivedArchive, ReceiveOptions } from "./receive-archive.ts";

export interface CaptureArchiveOptions extends ReceiveOptions {
  /** As their own leaders had them before the stream was looked at. */
  readonly consumerInfos: readonly ConsumerInfo[];
  /** Only from the stream's leader, also where that is slower. */
  readonly exact: boolean;
  /** Ways of reading to try, instead of those that fit a stream with a leader. */
  readonly methods?: readonly CaptureMethod[];
  /** Why it is read message by message; default: the server makes no snapshot of it. */
  readonly why?: string;
}

/** True for a stream that its server makes no snapshot of, so that its messages have to be read one by one. */
export function needsCapture(session: Session, { config }: StreamInfo): boolean {
  return config.storage === "memory" && !versionRules(session.api.serverVersion).memorySnapshots;
}

const progressEveryMs = 100;

/**
 * Reads a stream message by message, writes what it reads as a v2 archive, and has that checked from its file. Leaves no file
 * on failure. Throws SNAPSHOT_UNSUPPORTED, SNAPSHOT_STALLED, SOURCE_CHANGED, STREAM_NOT_FOUND, CONNECTION_LOST, CANCELLED,
 * FILE_SYSTEM, and what the check throws.
 */
export async function captureArchive(session: Session, options: CaptureArchiveOptions): Promise<ReceivedArchive> {
  const { api, apiOptions } = session;
  const { stream, signal, consumerInfos } = options;
  const partial = join(options.path, "archive.partial");
  let check: ArchiveCheck | undefined;
  let ticker: NodeJS.Timeout | undefined;
  let done = false;
  try {
    const info = await api.streamInfo(stream);
    const began = new Date();
    const { state } = info;
    const consumers = capturedConsumers(consumerInfos, state.last_seq);
    await using file = await SpoolFile.create(partial);
    const writer = new CaptureWriter(file, [longestState(state, consumers.length), ...consumers]);
    options.onEvent?.({ kind: "started", stream, messages: state.messages, bytes: state.bytes });
    const report = (): void => {
      options.onEvent?.({
        kind: "progress",
        stream,
        receivedBytes: writer.contentBytes,
        decodedBytes: writer.storedBytes,
        expectedBytes: options.expectedBytes,
        messages: writer.messages,
      });
    };
    ticker = setInterval(report, progressEveryMs);
    const captured = await captureStream(api, info, {
      sink: writer,
      exact: options.exact,
      ...(options.methods ? { methods: options.methods } : {}),
      ...(apiOptions.inboxPrefix ? { inboxPrefix: apiOptions.inboxPrefix } : {}),
      ...(options.idleTimeoutMs === undefined ? {} : { comingBackMs: options.idleTimeoutMs }),
      ...(signal ? { signal } : {}),
    });
    if (captured.methods.includes("direct-get") && writer.messages > state.messages) {
      const message = `a replica or a mirror handed out messages of "${stream}" that its leader no longer has`;
      throw new RelightError("SNAPSHOT_INCOMPLETE", message, { context: { stream } });
    }
    await writer.finish([capturedState(state, writer, consumers.length), ...consumers]);
    report();
    await file.finish();
    check = ArchiveCheck.start(partial, { streamName: stream });
    check.available(file.bytes);
    const checked = await check.finish();
    if (checked.bytes !== file.bytes) {
      throw new RelightError("FILE_SYSTEM", `${file.bytes} bytes were written, ${checked.bytes} read back`);
    }
    const fileName = options.fileName("v2");
    try {
      await rename(partial, join(options.path, fileName));
    } catch (error) {
      throw fileSystemError(`cannot rename ${partial}`, error);
    }
    done = true;
    return {
      fileName,
      config: withoutServersMetadata(info.config),
      state,
      end: { status: 0, description: "", bytes: checked.bytes, chunks: 0 },
      checked,
      notes: captureNotes({
        captured,
        writer,
        began,
        consumerInfos,
        why: options.why ?? `because nats-server ${api.serverVersion.text} makes no snapshot of a stream in memory`,
      }),
      checks: captureChecks(captured),
    };
  } finally {
    clearInterval(ticker);
    if (!done) {
      await check?.cancel();
      await rm(partial, { force: true });
    }
  }
}

function captureNotes(input: {
  readonly captured: Captured;
  readonly writer: CapturedContent;
  readonly began: Date;
  readonly consumerInfos: readonly ConsumerInfo[];
  readonly why: string;
}): string[] {
  const { captured, began, consumerInfos, why } = input;
  const seconds = ((Date.now() - began.getTime()) / 1000).toFixed(1);
  const notes = [
    `captured message by message (${captured.methods.join(", ") || "no messages"}), ${why}: what arrived after ${began.toISOString()} is not in it; deletes and acks are ` +
      `exact to the ${seconds} s that it took`,
    ...rolledBackNotes(consumerInfos),
  ];
  if (captured.interruptions.length > 0) {
    notes.push(
      `reading was taken up again ${captured.interruptions.length} times: ${captured.interruptions.join("; ")}`,
    );
  }
  return notes;
}

function captureChecks({ methods }: Captured): string[] {
  return methods.includes("consumer") ? ["deliveries numbered without a gap"] : [];
}
