import { MalformedBytes } from "../byte-reader.ts";

/** A JSON object whose fields are not all known. */
export interface OpenJson {
  readonly [key: string]: unknown;
}

/** `meta.inf` of a stream: its configuration, and when it was created. */
export interface StreamMeta {
  readonly name: string;
  /** RFC 3339 with up to nanoseconds, as written. */
  readonly created: string;
  /** The configuration alone, as the API would give it. */
  readonly config: OpenJson & { readonly name: string };
  /** The text as it was written, over whose bytes the checksum goes. */
  readonly text: string;
}

/** `obs/<consumer>/meta.inf`. */
export interface ConsumerMeta {
  readonly name: string;
  readonly created: string;
  readonly config: OpenJson;
}

/**
 * Decodes a stream's `meta.inf`: the configuration with a field `Created` before it. Source: nats-server
 * server/filestore.go (`FileStreamInfo`). Throws MalformedBytes.
 */
export function decodeStreamMeta(bytes: Uint8Array): StreamMeta {
  const { value, text } = decodeObject(bytes);
  const { Created: created, ...config } = value;
  const { name } = config;
  if (typeof created !== "string" || typeof name !== "string" || name === "") {
    throw new MalformedBytes("no description of a stream");
  }
  return { name, created, config: { ...config, name }, text };
}

/** Decodes a consumer's `meta.inf` (`FileConsumerInfo`: `Created` and `Name` beside the configuration). Throws MalformedBytes. */
export function decodeConsumerMeta(bytes: Uint8Array): ConsumerMeta {
  const { Created: created, Name: name, ...config } = decodeObject(bytes).value;
  if (typeof created !== "string" || typeof name !== "string") throw new MalformedBytes("no description of a consumer");
  return { name, created, config };
}

/** Nested deeper, no server would have written it; what walks through such a value later could run out of stack. */
const maxDepth = 100;

/** Decodes bytes that must be a JSON object in UTF-8. Throws MalformedBytes. */
export function decodeObject(bytes: Uint8Array): { readonly value: OpenJson; readonly text: string } {
  if (isTooDeep(bytes)) throw new MalformedBytes("JSON that is nested too deeply");
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { value: value as OpenJson, text };
  } catch {
    // Reported below: what is wrong inside does not matter.
  }
  throw new MalformedBytes("this is no JSON object");
}

const [quote, backslash] = [0x22, 0x5c];

function isTooDeep(json: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    if (byte === quote) inText = !inText;
    else if (inText) {
      if (byte === backslash) at++;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}
