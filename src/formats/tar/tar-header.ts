import { MalformedBytes } from "../byte-reader.ts";

/** Size of a header, and the unit that contents are padded to. */
export const tarBlockBytes = 512;

/** One header block of a tar, as POSIX.1-1988 (ustar) lays it out. */
export interface TarHeader {
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** "0" for a regular file (an old "\0" is read as that); "x" and "g" for extended headers. */
  readonly type: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes a header block. Throws MalformedBytes: no ustar magic, a wrong checksum, a field that is no number. */
export function decodeTarHeader(block: Uint8Array): TarHeader {
  if (ascii(block, 257, 262) !== "ustar") throw new MalformedBytes("this is no tar header");
  if (octal(block, 148, 8) !== headerSum(block)) throw new MalformedBytes("the checksum of a tar header is wrong");
  const name = text(block, 0, 100);
  // GNU's variant of the magic has no prefix.
  const prefix = block[262] === 0 ? text(block, 345, 155) : "";
  const type = String.fromCharCode(block[156] as number);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: octal(block, 124, 12),
    mtime: octal(block, 136, 12),
    type: type === "\0" ? "0" : type,
  };
}

/** The sum of all bytes of a header, its checksum field counted as spaces. */
export function headerSum(block: Uint8Array): number {
  let sum = 8 * 32;
  for (let at = 0; at < tarBlockBytes; at++) {
    if (at < 148 || at >= 156) sum += block[at] as number;
  }
  return sum;
}

/** Zero bytes behind a content of `size` bytes. */
export function tarPadding(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;
}

function ascii(block: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...block.subarray(from, to));
}

function text(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  try {
    return utf8.decode(end < 0 ? field : field.subarray(0, end));
  } catch {
    throw new MalformedBytes("a name in a tar header is not UTF-8");
  }
}

/** Octal digits, padded with spaces or zeros in front and closed by a space or NUL; or GNU's base-256. */
function octal(block: Uint8Array, at: number, length: number): number {
  if (((block[at] as number) & 0x80) !== 0) return base256(block, at, length);
  const match = /^ *([0-7]*)[ \0]*$/.exec(ascii(block, at, at + length));
  if (!match) throw new MalformedBytes("a number in a tar header is not octal");
  return match[1] === "" ? 0 : Number.parseInt(match[1] as string, 8);
}

function base256(block: Uint8Array, at: number, length: number): number {
  let value = (block[at] as number) & 0x7f;
  for (let index = 1; index < length; index++) {
    value = value * 256 + (block[at + index] as number);
    if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes("a number in a tar header is too large");
  }
  return value;
}
