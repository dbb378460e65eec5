import { RelightError } from "../../errors.ts";
import { parseRfc3339 } from "../../formats/rfc3339.ts";

const appendedMark = "\r\nNats-Stream: ";
const nothing = new Uint8Array(0);

/** What a server answers to a direct get: no message, but a status; or a message, and what was appended to its headers. */
export type DirectGetAnswer =
  | { readonly status: string; readonly description: string; readonly field: Field }
  | {
      readonly status?: undefined;
      readonly sequence: number;
      readonly time: bigint;
      /** As bytes: a subject need not be UTF-8. */
      readonly subject: Uint8Array;
      /** The message's own, without what was appended; a block that was empty comes as none. */
      readonly headers: Uint8Array;
      readonly field: Field;
    };

/** The value of a field of the server's, by its name; undefined where there is none. */
type Field = (name: string) => string | undefined;

/** Takes the headers of an answer apart. Throws INTERNAL for a message without the fields that every server appends. */
export function directGetAnswer(headers: Uint8Array): DirectGetAnswer {
  const text = Buffer.from(headers).toString("latin1");
  const status = /^NATS\/1\.0 (\d{3})([^\r]*)/.exec(text);
  if (status) return { status: status[1] as string, description: status[2] as string, field: fieldsIn(text) };
  // The last occurrence: a message that was republished may carry fields of these names itself.
  const cut = text.lastIndexOf(appendedMark);
  const field = fieldsIn(text.slice(Math.max(0, cut)));
  const sequence = Number(field("Nats-Sequence"));
  // Up to 2.9 "2026-01-31 12:00:00.5 +0000 UTC".
  const time = parseRfc3339((field("Nats-Time-Stamp") ?? "").replace(/^(\S+) (\S+) \+0000 UTC$/, "$1T$2Z"));
  const subject = field("Nats-Subject");
  if (cut < 0 || !Number.isSafeInteger(sequence) || time === undefined || !subject) {
    throw new RelightError("INTERNAL", "an answer of a direct get without its fields");
  }
  const own = cut === "NATS/1.0".length ? nothing : Buffer.from(`${text.slice(0, cut)}\r\n\r\n`, "latin1");
  return { sequence, time, subject: Buffer.from(subject, "latin1"), headers: own, field };
}

const fieldsIn =
  (text: string): Field =>
  (name) =>
    new RegExp(`\r\n${name}: ([^\r]*)\r\n`).exec(text)?.[1];
