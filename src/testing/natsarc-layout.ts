/** Where the parts of one entry of a NATSARC1 archive lie in the decoded bytes. */
export interface EntryLayout {
  readonly offset: number;
  readonly name: string;
  readonly sequence: number;
  readonly nameAt: number;
  readonly headerAt: number;
  readonly headerSize: number;
  readonly payloadAt: number;
}

/** The layout of a whole decoded archive, its end marker included; on purpose not by the code that it tests. */
export function entryScanLayout(decoded: Uint8Array): EntryLayout[] {
  const entries: EntryLayout[] = [];
  const text = new TextDecoder();
  for (let at = "NATSARC1".length; at < decoded.length; ) {
    const offset = at;
    const uvarint = (): number => {
      let value = 0;
      for (let shift = 1; ; shift *= 128) {
        const byte = decoded[at++] as number;
        value += (byte & 127) * shift;
        if (byte < 128) return value;
      }
    };
    const [nameSize, , sequence, headerSize, payloadSize] = [uvarint(), uvarint(), uvarint(), uvarint(), uvarint()];
    const nameAt = at;
    const headerAt = nameAt + (nameSize ?? 0);
    const payloadAt = headerAt + (headerSize ?? 0);
    at = payloadAt + (payloadSize ?? 0);
    const name = text.decode(decoded.subarray(nameAt, headerAt));
    entries.push({ offset, name, sequence: sequence ?? 0, nameAt, headerAt, headerSize: headerSize ?? 0, payloadAt });
  }
  return entries;
}
