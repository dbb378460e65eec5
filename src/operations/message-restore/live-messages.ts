import { LiveReader } from "../../formats/archive/live-reader.ts";
import { type Message, messagesOf } from "../../formats/message-batches.ts";
import { readAhead } from "../files/read-in-turns.ts";

const pieceBytes = 64 * 1024;

/** The messages of a v2 archive in their order, some at a time. Throws ARCHIVE_DAMAGED, FILE_SYSTEM. */
export async function* liveMessages(path: string): AsyncGenerator<readonly Message[]> {
  let found: Message[] = [];
  const reader = new LiveReader(
    {},
    {
      consumer: () => {},
      messages: (batch) => void found.push(...messagesOf(batch)),
    },
  );
  for await (const piece of readAhead(path, pieceBytes)) {
    reader.push(piece);
    if (found.length > 0) yield found;
    found = [];
  }
  reader.end();
  if (found.length > 0) yield found;
}
