import { RequestError } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import type { CaptureEnd, CaptureRange } from "./capture-sink.ts";
import { directGetAnswer } from "./direct-get-answer.ts";
import { rawMessage } from "./raw-message.ts";

/** Requests under way at a time. */
const atOnce = 64;

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
  const answer = directGetAnswer(headers);
  if (answer.status === "404") return undefined;
  if (answer.status !== undefined) {
    throw new Refused(`a direct get was answered with ${answer.status}${answer.description}`);
  }
  const { sequence } = answer;
  if (sequence <= through) sink.take(sequence, answer.time, answer.subject, answer.headers, payload);
  return sequence;
}
