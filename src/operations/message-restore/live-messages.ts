import { LiveReader } from "../../formats/archive/live-reader.ts";
import { readAhead } from "../files/read-in-turns.ts";

/** A message as the archive has it; its bytes are its own. */
export interface LiveMessage {
  readonly sequence: number;
  readonly subject: string;
  /** The header block; empty where there is none. */
  readonly headers: Uint8Array;
  readonly payload: Uint8Array;
}

const pieceBytes = 64 * 1024;
const utf8 = new TextDecoder();

/** The messages of a v2 archive in their order, some at a time. Throws ARCHIVE_DAMAGED, FILE_SYSTEM. */
export async function* liveMessages(path: string): AsyncGenerator<readonly LiveMessage[]> {
  let found: LiveMessage[] = [];
  const reader = new LiveReader(
    {},
    {
      consumer: () => {},
      messages: ({ kernels, rows, count }) => {
        const { bytes } = kernels;
        for (let row = 0; row < count; row++) {
          const at = rows.offset[row] as number;
          const headersAt = at + (rows.nameLength[row] as number);
          const payloadAt = headersAt + (rows.headerLength[row] as number);
          found.push({
            sequence: rows.sequence[row] as number,
            subject: utf8.decode(bytes.subarray(at, headersAt)),
            headers: bytes.slice(headersAt, payloadAt),
            payload: bytes.slice(payloadAt, payloadAt + (rows.payloadLength[row] as number)),
          });
        }
      },
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
