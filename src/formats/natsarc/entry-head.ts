import { ByteReader, MalformedBytes } from "../byte-reader.ts";

/** The bytes in front of every archive of this format. */
export const natsarcMagic = "NATSARC1";

/** The most bytes of a name, as the server bounds it. */
export const maxNameBytes = 1024 * 1024;

/** The most bytes that an entry's head takes: five varints of 64 bits. */
export const maxHeadBytes = 50;

/** What stands before an entry's name, headers and payload. */
export interface EntryHead {
  readonly nameBytes: number;
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
  /** 0 for what is no message. */
  readonly sequence: number;
  readonly headerBytes: number;
  readonly payloadBytes: number;
  /** Of the head itself. */
  readonly headBytes: number;
}

/** Decodes a head; undefined when `bytes` end before it does. Throws MalformedBytes. Source: server/archive/archive.go. */
export function decodeEntryHead(bytes: Uint8Array): EntryHead | undefined {
  const reader = new ByteReader(bytes);
  try {
    const nameBytes = reader.uvarint();
    const timestamp = reader.varint();
    const sequence = reader.uvarint();
    const headerBytes = reader.uvarint();
    const payloadBytes = reader.uvarint();
    if (nameBytes > maxNameBytes) throw new MalformedBytes(`an entry with a name of ${nameBytes} bytes`);
    return { nameBytes, timestamp, sequence, headerBytes, payloadBytes, headBytes: reader.at };
  } catch (error) {
    if (error instanceof MalformedBytes && bytes.length < maxHeadBytes && reader.remaining === 0) return undefined;
    throw error;
  }
}

/** True for the five zeros that close an archive. */
export function isSentinel(head: EntryHead): boolean {
  return (
    head.nameBytes === 0 &&
    head.timestamp === 0n &&
    head.sequence === 0 &&
    head.headerBytes === 0 &&
    head.payloadBytes === 0
  );
}
