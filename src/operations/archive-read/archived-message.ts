import type { EntryBatch } from "../../formats/archive/archive-sink.ts";
import { type HeaderField, headerFields } from "../../formats/header-block.ts";
import { type Message, messagesOf } from "../../formats/message-batches.ts";

/** One message, copied out of a batch, with its headers taken apart. */
export interface ArchivedMessage extends Omit<Message, "headers"> {
  readonly headers: readonly HeaderField[];
}

/** Copies the messages of a batch. */
export function* archivedMessages(batch: EntryBatch): Generator<ArchivedMessage> {
  for (const message of messagesOf(batch)) yield { ...message, headers: headerFields(message.headers) };
}
