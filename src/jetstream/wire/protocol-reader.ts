/**
 * Reads the server's side of the NATS client protocol from one buffer that is used again and again.
 * Source: docs.nats.io, "Client protocol" (INFO, MSG, HMSG, PING, PONG, +OK, -ERR).
 */
import { spareBytes } from "../spare-memory.ts";

export interface ProtocolHandler {
  /** `headers` and `data` are parts of the receive buffer: valid only during the call. */
  message(sid: number, subject: string, reply: string, headers: Buffer | undefined, data: Buffer): void;
  ping(): void;
  pong(): void;
  info(json: string): void;
  error(text: string): void;
}

/** What the server sent breaks the protocol, or is larger than it said that it would send. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

const defaultBuffer = 1024 * 1024;
const lineFeed = 10;
/** An INFO can name many servers; everything else is far shorter. */
const maxLine = 1024 * 1024;
/** Less room than this is not worth a read of its own: what is left of a message moves to the front instead. */
const minRoom = 64 * 1024;

export class ProtocolReader {
  readonly #handler: ProtocolHandler;
  #buffer: Buffer;
  /** Bytes from here to `#end` are not yet handled. */
  #start = 0;
  #end = 0;
  /** Where to look on for the end of a line. */
  #searched = 0;
  #maxMessage: number;

  constructor(handler: ProtocolHandler, options: { readonly bufferBytes?: number; readonly maxMessage: number }) {
    this.#handler = handler;
    const memory = spareBytes.take(options.bufferBytes ?? defaultBuffer);
    this.#buffer = Buffer.from(memory.buffer, memory.byteOffset, memory.length);
    this.#maxMessage = options.maxMessage;
  }

  /** The largest message, headers included, that is accepted, in bytes. */
  set maxMessage(bytes: number) {
    this.#maxMessage = bytes;
  }

  /** Nothing will be read any more. */
  close(): void {
    if (this.#buffer.length === defaultBuffer)
      spareBytes.give(new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset, defaultBuffer));
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
    this.#searched = 0;
  }

  /** Where the next bytes belong. */
  room(): Buffer {
    if (this.#buffer.length - this.#end < minRoom) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#searched -= this.#start;
      this.#start = 0;
      if (this.#buffer.length - this.#end < minRoom) this.#grow(this.#buffer.length * 2);
    }
    return this.#buffer.subarray(this.#end);
  }

  /** Takes bytes that are not in the buffer yet. Throws ProtocolError. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.room();
      const length = Math.min(room.length, bytes.length - at);
      room.set(bytes.subarray(at, at + length));
      this.filled(length);
      at += length;
    }
  }

  /** Handles what is complete, now that `bytes` more stand where {@link room} said. Throws ProtocolError. */
  filled(bytes: number): void {
    this.#end += bytes;
    while (this.#one());
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
      this.#searched = 0;
    }
  }

  /** Handles one line, with its payload. False where it is not complete. */
  #one(): boolean {
    const from = Math.max(this.#start, this.#searched);
    const found = this.#buffer.subarray(from, this.#end).indexOf(lineFeed);
    if (found < 0) {
      this.#searched = this.#end;
      if (this.#end - this.#start > maxLine) throw new ProtocolError("a line without an end");
      return false;
    }
    const lineEnd = from + found;
    const trimmed = lineEnd > this.#start && this.#buffer[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
    const line = this.#buffer.toString("utf8", this.#start, trimmed);
    const space = line.search(/[ \t]/);
    const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    if (verb === "MSG" || verb === "HMSG") {
      // A line whose payload is still under way is found again at once.
      this.#searched = lineEnd;
      return this.#message(
        verb === "HMSG",
        line
          .slice(space)
          .trim()
          .split(/[ \t]+/),
        lineEnd + 1,
      );
    }
    // Before the handler, which may look at what comes next.
    this.#start = lineEnd + 1;
    this.#searched = this.#start;
    const rest = space < 0 ? "" : line.slice(space).trim();
    if (verb === "PING") this.#handler.ping();
    else if (verb === "PONG") this.#handler.pong();
    else if (verb === "INFO") this.#handler.info(rest);
    else if (verb === "-ERR") this.#handler.error(rest.replace(/^'|'$/g, ""));
    else if (verb !== "+OK" && line !== "") throw new ProtocolError(`"${line.slice(0, 40)}" is no operation`);
    return true;
  }

  #message(hasHeaders: boolean, fields: readonly string[], at: number): boolean {
    const [subject = "", sid = "", ...others] = fields;
    const sizes = others.splice(hasHeaders ? -2 : -1).map(size);
    const total = sizes.at(-1) ?? Number.NaN;
    const headerBytes = hasHeaders ? (sizes[0] as number) : 0;
    if (others.length > 1 || !(headerBytes <= total)) {
      throw new ProtocolError(`"${fields.join(" ").slice(0, 80)}" does not describe a message`);
    }
    if (total > this.#maxMessage) throw new ProtocolError(`a message of ${total} bytes`);
    const end = at + total + 2;
    if (end > this.#end) {
      if (end - this.#start > this.#buffer.length) this.#grow(end - this.#start + minRoom);
      return false;
    }
    const buffer = this.#buffer;
    const headers = headerBytes > 0 ? buffer.subarray(at, at + headerBytes) : undefined;
    if (buffer[end - 2] !== 13 || buffer[end - 1] !== lineFeed) throw new ProtocolError("a message without an end");
    this.#start = end;
    this.#searched = end;
    this.#handler.message(size(sid), subject, others[0] ?? "", headers, buffer.subarray(at + headerBytes, end - 2));
    return true;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(larger, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#searched -= this.#start;
    this.#start = 0;
    this.#buffer = larger;
  }
}

/** A count of bytes, or a number of a subscription. */
function size(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new ProtocolError(`"${text.slice(0, 20)}" is no size`);
  return Number(text);
}
