import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { RelightError } from "../../errors.ts";
import { isStreamName } from "./backup-json.ts";

/**
 * The layout of the older `nats` CLI's account backup: one JSON file per stream and per consumer, and optionally the
 * data as `stream_<S>.tgz`. Each file is `{type, time, configuration, checksum}`: `configuration` is base64 of a JSON
 * document, `checksum` the hexadecimal SHA-256 of that document's bytes. Source: jsm.go `backup.go` of 2020.
 */
export type ConfigEntry =
  | { readonly type: "stream"; readonly stream: string; readonly config: { readonly [key: string]: unknown } }
  | {
      readonly type: "consumer";
      readonly stream: string;
      readonly consumer: string;
      readonly config: { readonly [key: string]: unknown };
    }
  /** Stream templates left the server long ago; they are named, not restored. */
  | { readonly type: "stream_template"; readonly template: string };

export const configFileName = {
  stream: (stream: string): string => `stream_${stream}.json`,
  consumer: (stream: string, consumer: string): string => `stream_${stream}_consumer_${consumer}.json`,
  data: (stream: string): string => `stream_${stream}.tgz`,
} as const;

/** Formats one file. `time` is RFC 3339 without fractions, as the older CLI wrote it. */
export function formatConfigEntry(entry: Exclude<ConfigEntry, { type: "stream_template" }>, time: Date): string {
  const document =
    entry.type === "stream" ? entry.config : { name: entry.consumer, stream: entry.stream, config: entry.config };
  const bytes = new TextEncoder().encode(JSON.stringify(document, undefined, 2));
  const file = {
    type: entry.type,
    time: time.toISOString().replace(/\.\d+Z$/, "Z"),
    configuration: toBase64(bytes),
    checksum: bytesToHex(sha256(bytes)),
  };
  return JSON.stringify(file, undefined, 2);
}

/** Parses and verifies one file. Throws BACKUP_INVALID (not this layout) or ARCHIVE_DAMAGED (checksum), naming `path`. */
export function parseConfigEntry(text: string, path: string): ConfigEntry {
  const invalid = (why: string, cause?: unknown): RelightError =>
    new RelightError("BACKUP_INVALID", `${path}: ${why}`, { cause, context: { path } });
  let file: { type?: unknown; configuration?: unknown; checksum?: unknown };
  try {
    file = JSON.parse(text) ?? {};
  } catch (error) {
    throw invalid("not JSON", error);
  }
  if (typeof file.type !== "string" || typeof file.configuration !== "string" || typeof file.checksum !== "string") {
    throw invalid("not a file of the configuration layout (type, configuration, checksum)");
  }
  let bytes: Uint8Array;
  try {
    bytes = fromBase64(file.configuration);
  } catch (error) {
    throw invalid("the configuration is not base64", error);
  }
  if (bytesToHex(sha256(bytes)) !== file.checksum.toLowerCase()) {
    throw new RelightError("ARCHIVE_DAMAGED", `${path}: the checksum of the configuration is wrong`, {
      context: { path },
    });
  }
  let document: { name?: unknown; stream?: unknown; config?: unknown };
  try {
    document = JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch (error) {
    throw invalid("the configuration is not JSON", error);
  }
  switch (file.type) {
    case "stream":
      if (typeof document.name !== "string" || !isStreamName(document.name)) throw invalid("no usable stream name");
      return { type: "stream", stream: document.name, config: document as { [key: string]: unknown } };
    case "consumer":
      if (
        typeof document.name !== "string" ||
        !isStreamName(document.name) ||
        typeof document.stream !== "string" ||
        !isStreamName(document.stream) ||
        typeof document.config !== "object" ||
        document.config === null
      ) {
        throw invalid("no usable consumer");
      }
      return {
        type: "consumer",
        stream: document.stream,
        consumer: document.name,
        config: document.config as { [key: string]: unknown },
      };
    case "stream_template":
      return { type: "stream_template", template: String(document.name ?? "") };
    default:
      throw invalid(`unknown type "${file.type}"`);
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
