/** One field of a message's headers. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

const utf8 = new TextDecoder();

/**
 * The fields of a header block, `NATS/1.0\r\nName: value\r\n\r\n`, in their order. What is no field is left out: clients
 * may store anything. Source: nats-server server/client.go (`getHeader`), nats.go (`DecodeHeadersMsg`).
 */
export function headerFields(block: Uint8Array): readonly HeaderField[] {
  if (block.length === 0) return [];
  const fields: HeaderField[] = [];
  for (const line of utf8.decode(block).split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.push({ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() });
  }
  return fields;
}

/** Writes fields as a header block; no bytes for no fields. */
export function headerBlock(fields: readonly HeaderField[]): Uint8Array {
  if (fields.length === 0) return new Uint8Array(0);
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`NATS/1.0\r\n${lines.join("")}\r\n`);
}

/** The values of a field, whatever the case of its name. */
export function headerValues(fields: readonly HeaderField[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return fields.filter((field) => field.name.toLowerCase() === wanted).map(({ value }) => value);
}

/**
 * True for a message that says that a key of a KV bucket is gone: deleted, purged, or run out by a limit.
 * Source: nats.go (`KV-Operation`), nats-server server/stream.go (`Nats-Marker-Reason`).
 */
export function isKeyMarker(fields: readonly HeaderField[]): boolean {
  const [operation] = headerValues(fields, "KV-Operation");
  if (operation) return operation === "DEL" || operation === "PURGE";
  const [reason] = headerValues(fields, "Nats-Marker-Reason");
  return reason === "MaxAge" || reason === "Purge" || reason === "Remove";
}
