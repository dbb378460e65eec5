import { encodePaxRecord } from "./pax-records.ts";
import { headerSum, tarBlockBytes, tarPadding } from "./tar-header.ts";

export interface TarFile {
  /** Relative, with forward slashes. */
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** Seconds since 1970. Default 0, so that the same content gives the same bytes. */
  readonly mtime?: number;
}

const encoder = new TextEncoder();

/** The largest size that eleven octal digits hold. */
const maxHeaderSize = 8 ** 11 - 1;

/**
 * The bytes before a file's content, in the form that JetStream's own snapshots have: mode 0600, owner "nats", an extended
 * header only where a name or size needs one. After the content come {@link tarPadding} zero bytes.
 */
export function tarFileHeader(file: TarFile): Uint8Array {
  const name = encoder.encode(file.name);
  const records: Uint8Array[] = [];
  // Names that are not ASCII belong into an extended header, which is UTF-8 by definition.
  if (name.length > 100 || name.some((byte) => byte >= 0x80)) records.push(encodePaxRecord("path", file.name));
  if (file.size > maxHeaderSize) records.push(encodePaxRecord("size", String(file.size)));
  const plain = { ...file, size: Math.min(file.size, maxHeaderSize) };
  if (records.length === 0) return headerBlock(name, plain, "0");
  const body = join(records);
  const extended = headerBlock(encoder.encode("PaxHeaders.0/file"), { ...file, size: body.length }, "x");
  return join([extended, body, new Uint8Array(tarPadding(body.length)), headerBlock(asciiName(name), plain, "0")]);
}

/** The end of a tar: two blocks of zeros, and nothing behind them, which some servers stumble over. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * tarBlockBytes);
}

/** A whole file: header, content, padding. */
export function tarFile(name: string, content: Uint8Array, mtime = 0): Uint8Array {
  const header = tarFileHeader({ name, size: content.length, mtime });
  return join([header, content, new Uint8Array(tarPadding(content.length))]);
}

function headerBlock(name: Uint8Array, file: TarFile, type: "0" | "x"): Uint8Array {
  const block = new Uint8Array(tarBlockBytes);
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at);
  const octal = (at: number, digits: number, value: number): void => put(at, value.toString(8).padStart(digits, "0"));
  block.set(name.subarray(0, 100));
  octal(100, 7, 0o600);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, file.size);
  octal(136, 11, file.mtime ?? 0);
  put(156, type);
  put(257, "ustar\x0000");
  put(265, "nats");
  put(297, "nats");
  octal(148, 6, headerSum(block));
  block[155] = 32;
  return block;
}

function asciiName(name: Uint8Array): Uint8Array {
  return name.filter((byte) => byte < 0x80).subarray(0, 100);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
