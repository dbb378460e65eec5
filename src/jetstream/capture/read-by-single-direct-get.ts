import { RequestError } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import { parseRfc3339 } from "../../formats/rfc3339.ts";
import type { CaptureEnd, CaptureRange } from "./capture-sink.ts";
import { rawMessage } from "./raw-message.ts";

/** Requests under way at a time. */
const atOnce = 64;
const appendedMark = "\r\nNats-Stream: ";
const nothing = new Uint8Array(0);

interface Answer {
  readonly headers: Buffer;
  readonly payload: Uint8Array;
}

/**
 * Reads with one direct get for each sequence, which any replica answers, also of a stream without a leader, on every version. A
 * sequence that is answered with "not found" has no message; gaps of any width are jumped over. The server appends fields to each
 * message's headers, which are cut off again.
 */
export async function readBySingleDirectGet(range: CaptureRange): Promise<CaptureEnd> {
  const { through, sink, signal } = range;
  let next = range.from;
  try {
    while (next <= through) {
      if (signal?.aborted) return { outcome: "interrupted", next, reason: "cancelled" };
      await sink.room();
      const first = taken(await get(range, { seq: next, next_by_subj: ">" }), range);
      if (first === undefined || first > through) break;
      next = first + 1;
      const rest = Array.from({ length: Math.min(atOnce, through - first) }, (_, index) =>
        get(range, { seq: first + 1 + index }),
      );
      // All of them have to be over before another reading begins.
      for (const answer of await Promise.allSettled(rest)) {
        if (answer.status === "rejected") throw answer.reason;
        const sequence = taken(answer.value, range);
        if (sequence !== undefined) next = sequence + 1;
      }
      next = first + rest.length + 1;
    }
    return { outcome: "done", next: through + 1 };
  } catch (error) {
    if (error instanceof RelightError) throw error;
    const nobody = error instanceof RequestError && error.isNoResponders();
    if (nobody || error instanceof Refused) return { outcome: "unsuitable", next, reason: error.message };
    return { outcome: "interrupted", next, reason: error instanceof Error ? error.message : String(error) };
  }
}

class Refused extends Error {}

async function get({ api, stream, silenceMs }: CaptureRange, query: object): Promise<Answer> {
  const subject = `${api.prefix}.DIRECT.GET.${stream}`;
  const message = await api.connection.request(subject, JSON.stringify(query), { timeout: silenceMs });
  const { headers, payload } = rawMessage(message);
  return { headers: Buffer.from(headers), payload };
}

/** Gives one message to the sink, and returns its sequence; undefined: there is none. */
function taken({ headers, payload }: Answer, { sink, through }: CaptureRange): number | undefined {
  const text = headers.toString("latin1");
  const status = /^NATS\/1\.0 (\d{3})([^\r]*)/.exec(text);
  if (status?.[1] === "404") return undefined;
  if (status) throw new Refused(`a direct get was answered with ${status[1]}${status[2]}`);
  // The last occurrence: a message that was republished may carry fields of these names itself.
  const cut = text.lastIndexOf(appendedMark);
  const appended = text.slice(Math.max(0, cut));
  const field = (name: string): string => new RegExp(`\r\n${name}: ([^\r]*)\r\n`).exec(appended)?.[1] ?? "";
  const sequence = Number(field("Nats-Sequence"));
  // Up to 2.9 "2026-01-31 12:00:00.5 +0000 UTC".
  const time = parseRfc3339(field("Nats-Time-Stamp").replace(/^(\S+) (\S+) \+0000 UTC$/, "$1T$2Z"));
  const subject = field("Nats-Subject");
  if (cut < 0 || time === undefined || subject === "" || !Number.isSafeInteger(sequence)) {
    throw new RelightError("INTERNAL", "an answer of a direct get without its fields");
  }
  if (sequence > through) return sequence;
  const own = cut === "NATS/1.0".length ? nothing : Buffer.from(`${text.slice(0, cut)}\r\n\r\n`, "latin1");
  sink.take(sequence, time, Buffer.from(subject, "latin1"), own, payload);
  return sequence;
}
