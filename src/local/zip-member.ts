import { crc32, inflateRawSync } from "node:zlib";

const localHeaderSize = 30;
const directoryHeaderSize = 46;
const endSize = 22;

/**
 * Takes one member out of a zip archive, by its central directory, and checks its CRC-32.
 * Source: PKWARE APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. Zip64 and encryption are not read.
 *
 * Throws Error when the archive or the member is not as it should be.
 */
export function zipMember(zip: Buffer, matches: (name: string) => boolean): Buffer {
  try {
    return findMember(zip, matches);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_OUT_OF_RANGE") throw error;
    throw new Error("the zip archive is cut off or damaged", { cause: error });
  }
}

function findMember(zip: Buffer, matches: (name: string) => boolean): Buffer {
  const end = findEnd(zip);
  const entries = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < entries; index++) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new Error("the zip archive's directory is damaged");
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString("utf8", at + directoryHeaderSize, at + directoryHeaderSize + nameLength);
    if (matches(name)) return readMember(zip, at, name);
    at += directoryHeaderSize + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error("the zip archive does not hold the server");
}

/** The record at the end: the last that a comment of just the right length follows. */
function findEnd(zip: Buffer): number {
  for (let at = zip.length - endSize; at >= 0; at--) {
    if (zip.readUInt32LE(at) === 0x06054b50 && zip.readUInt16LE(at + 20) === zip.length - at - endSize) return at;
  }
  throw new Error("not a zip archive, or one that is cut off");
}

function readMember(zip: Buffer, at: number, name: string): Buffer {
  const method = zip.readUInt16LE(at + 10);
  const packedSize = zip.readUInt32LE(at + 20);
  const size = zip.readUInt32LE(at + 24);
  const local = zip.readUInt32LE(at + 42);
  const start = local + localHeaderSize + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + packedSize);
  if (method !== 0 && method !== 8) throw new Error(`${name} is packed by method ${method}`);
  let content: Buffer;
  try {
    content = method === 0 ? Buffer.from(packed) : inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw new Error(`${name} is damaged: ${(error as Error).message}`, { cause: error });
  }
  if (content.length !== size || crc32(content) !== zip.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`);
  return content;
}
