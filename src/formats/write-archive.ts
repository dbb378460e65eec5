import { RelightError } from "../errors.ts";
import type { ArchivedConsumer } from "./archive/archive-report.ts";
import { V1Writer } from "./archive/v1-writer.ts";
import { V2Writer } from "./archive/v2-writer.ts";
import { isoTime } from "./directory/archive-facts.ts";
import { Kernels } from "./kernels/kernels.ts";
import { type Message, MessageBatches } from "./message-batches.ts";
import { describeConsumer, describeState, longestStateDescription } from "./natsarc/encode-natsarc.ts";
import { subjectBytes } from "./subjects/subject-text.ts";

/** What an archive is to hold. */
export interface ArchiveContent {
  /** `v1`: every server up to 2.15 takes it. `v2`: 2.15 and newer. */
  readonly format: "v1" | "v2";
  /** The stream's configuration: inside a v1 archive, and for a restore of either. A v1 archive is of this name only. */
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** When the stream was created, RFC 3339; inside a v1 archive. */
  readonly created: string;
  /** In ascending sequence; times must not go back. */
  readonly messages: AsyncIterable<Message> | Iterable<Message>;
  /** The sequence that the stream goes on after, where it lies behind the last message. */
  readonly lastSequence?: number;
  readonly consumers?: readonly ArchivedConsumer[];
}

export interface ArchiveTarget {
  /** Receives the archive piece by piece; a piece is valid only until it returns, or its promise is fulfilled. */
  write(piece: Uint8Array): void | Promise<void>;
  /**
   * v2 only: the true beginning of the archive, to be put in place of as many bytes at its start. It says how many messages
   * there are, which is known at the end.
   */
  writeHead(head: Uint8Array): void | Promise<void>;
}

/** What was written. */
export interface WrittenArchive {
  readonly messages: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

const never = "0001-01-01T00:00:00Z";

/**
 * Writes an archive that servers restore. Throws BACKUP_INVALID for sequences that do not ascend.
 *
 * @example
 * const file = await open("stream.tar.s2", "w");
 * await writeArchive(
 *   { format: "v1", config, created: new Date().toISOString(), messages },
 *   { write: async (piece) => void (await file.write(piece)), writeHead: async (head) => void (await file.write(head, 0, head.length, 0)) },
 * );
 */
export async function writeArchive(content: ArchiveContent, target: ArchiveTarget): Promise<WrittenArchive> {
  const { format, config, created, consumers = [] } = content;
  const kernels = Kernels.create();
  const pieces: Uint8Array[] = [];
  const write = (piece: Uint8Array): void => void pieces.push(piece.slice());
  const deliver = async (): Promise<void> => {
    for (const piece of pieces.splice(0)) await target.write(piece);
  };
  const v1 = format === "v1" ? new V1Writer(kernels, { config, created, write }) : undefined;
  const v2 = format === "v2" ? new V2Writer(kernels, { write }) : undefined;
  const described = consumers.map(({ name, config: own, state }) => describeConsumer(name, own, state));
  v2?.begin([longestStateDescription, ...described]);
  const batches = new MessageBatches(kernels, (batch) => (v1 ?? v2)?.messages(batch));
  let [messages, bytes, first, last] = [0, 0, 0, 0];
  let [firstTime, lastTime]: (bigint | undefined)[] = [];
  for await (const message of content.messages) {
    if (!(Number.isSafeInteger(message.sequence) && message.sequence > last)) {
      throw new RelightError(
        "BACKUP_INVALID",
        `sequence ${message.sequence} comes after ${last}: sequences have to ascend`,
      );
    }
    batches.add(message);
    if (messages++ === 0) [first, firstTime] = [message.sequence, message.time];
    [last, lastTime] = [message.sequence, message.time];
    const headers = message.headers.length;
    bytes += 30 + subjectBytes(message.subject).length + headers + (headers > 0 ? 4 : 0) + message.payload.length;
    if (pieces.length > 0) await deliver();
  }
  batches.flush();
  const lastSequence = Math.max(last, content.lastSequence ?? 0);
  v1?.end(lastSequence, lastTime ?? 0n, consumers);
  const firstSequence = messages > 0 ? first : lastSequence === 0 ? 0 : lastSequence + 1;
  const head = v2?.end([
    describeState({
      messages,
      bytes,
      first_seq: firstSequence,
      first_ts: isoTime(firstTime) ?? never,
      last_seq: lastSequence,
      last_ts: isoTime(lastTime) ?? never,
      consumer_count: consumers.length,
    }),
    ...described,
  ]);
  await deliver();
  if (head) await target.writeHead(head);
  return { messages, firstSequence, lastSequence };
}
