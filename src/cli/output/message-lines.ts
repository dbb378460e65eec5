import { isoTime } from "../../formats/directory/archive-facts.ts";
import type { ArchivedMessage } from "../../operations/archive-read/archived-message.ts";
import type { BucketKey, BucketObject } from "../../operations/archive-read/bucket-content.ts";
import { formatBytes } from "./format-values.ts";
import { renderTable } from "./table.ts";

const shownText = 200;

/** One message in one line: sequence, time, subject, size. */
export function messageLine({ sequence, time, subject, payload }: ArchivedMessage): string {
  return `${String(sequence).padStart(10)}  ${isoTime(time)}  ${formatBytes(payload.length).padStart(9)}  ${visible(subject)}\n`;
}

/** A message with its headers and the beginning of its payload. */
export function messageDetails(message: ArchivedMessage): string {
  const lines = [messageLine(message).trimEnd()];
  for (const { name, value } of message.headers) lines.push(`            ${visible(name)}: ${visible(value)}`);
  const { payload } = message;
  if (payload.length > 0) {
    const text = textOf(payload.subarray(0, shownText));
    const more = payload.length > shownText ? " ..." : "";
    lines.push(`            ${text === undefined ? `${payload.length} bytes that are no text` : visible(text) + more}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A message as one line of JSON; the payload as text where it is UTF-8, else as base64. */
export function messageJson({ sequence, time, subject, headers, payload }: ArchivedMessage, base64: boolean): object {
  const text = base64 ? undefined : textOf(payload);
  const fields: Record<string, string[]> = {};
  for (const { name, value } of headers) {
    fields[name] ??= [];
    fields[name].push(value);
  }
  return {
    seq: sequence,
    time: isoTime(time),
    subject,
    ...(headers.length > 0 ? { headers: fields } : {}),
    ...(text === undefined ? { data_base64: Buffer.from(payload).toString("base64") } : { data: text }),
  };
}

export function keyTable(keys: readonly BucketKey[]): string {
  return renderTable(
    ["Key", "Revision", "Time", "Operation", "Size", "Values"],
    keys.map(({ key, revision, time, operation, bytes, history }) => [
      visible(key),
      String(revision),
      isoTime(time) ?? "",
      operation,
      formatBytes(bytes),
      String(history),
    ]),
  );
}

export function objectTable(objects: readonly BucketObject[]): string {
  return renderTable(
    ["Object", "Size", "Chunks", "Time", "State"],
    objects.map(({ name, bytes, chunks, time, deleted, problem }) => [
      visible(name),
      formatBytes(bytes),
      String(chunks),
      time === 0n ? "" : (isoTime(time) ?? ""),
      problem ?? (deleted ? "deleted" : "✓ digest right"),
    ]),
  );
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined where the bytes are no UTF-8, but for a character that is cut at the end. */
function textOf(bytes: Uint8Array): string | undefined {
  for (let cut = 0; cut < 4 && cut <= bytes.length; cut++) {
    try {
      return strict.decode(bytes.subarray(0, bytes.length - cut));
    } catch {
      if (bytes.length < shownText) return undefined;
    }
  }
  return undefined;
}

/** What would move the cursor of a terminal is shown as a code, and so is a byte of a subject that is no UTF-8. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\x00-\x1f\x7f-\x9f\udc80-\udcff]/gu, (char) => {
    const byte = char.charCodeAt(0) & 0xff;
    return `\\x${byte.toString(16).padStart(2, "0")}`;
  });
}
