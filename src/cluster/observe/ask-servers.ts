import { type NatsConnection, RequestError } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import type { Known, Unseen } from "../unseen.ts";
import type { StatszAnswer } from "./server-answers.ts";

export interface PingOptions {
  /** The longest that answers are collected, and the wait where a server is missing. */
  readonly longestMs: number;
  /** When all of these have answered, the others get a moment more. */
  readonly expected?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks every server of the system who it is. Nobody knows how many answers will come: a server counts those that died in the
 * last minutes too, so all of them having answered ends it, and else the time does. Unseen where nobody answers, which is what
 * a user outside of the system account gets.
 */
export async function pingServers(
  system: NatsConnection,
  { longestMs, expected, signal }: PingOptions,
): Promise<Known<readonly StatszAnswer[]>> {
  const answers = new Map<string, StatszAnswer>();
  const asked = Date.now();
  let moment: NodeJS.Timeout | undefined;
  try {
    const replies = await system.requestMany("$SYS.REQ.SERVER.PING", "", { strategy: "timer", maxWait: longestMs });
    for await (const reply of replies) {
      signal?.throwIfAborted();
      const answer = reply.json<StatszAnswer>();
      answers.set(answer.server.id, answer);
      if (knownServers(answers) <= answers.size) break;
      const names = new Set([...answers.values()].map(({ server }) => server.name));
      if (moment === undefined && expected && expected.size > 0 && [...expected].every((name) => names.has(name))) {
        // As much longer as the slowest of those that were waited for took.
        const more = Math.max(shortestMomentMs, 2 * (Date.now() - asked));
        moment = setTimeout(() => (replies as { stop?(): void }).stop?.(), more);
      }
    }
  } catch (error) {
    if (signal?.aborted) throw new RelightError("CANCELLED", "looking at the cluster was cancelled", { cause: error });
    if (answers.size === 0) return whyUnseen(error);
  } finally {
    clearTimeout(moment);
  }
  if (answers.size === 0) return { unseen: "no-answer", detail: "no server answers on the system account" };
  return [...answers.values()].sort((a, b) => a.server.name.localeCompare(b.server.name));
}

const shortestMomentMs = 200;

/** How many servers there are as those who answered know; infinite where they are too old to say. */
function knownServers(answers: ReadonlyMap<string, StatszAnswer>): number {
  return Math.max(...[...answers.values()].map(({ statsz }) => statsz?.active_servers ?? Number.POSITIVE_INFINITY));
}

/** Asks one server something; what it answers is in an envelope with `data` or `error`. */
export async function askServer<Data>(
  system: NatsConnection,
  serverId: string,
  what: "JSZ" | "HEALTHZ" | "VARZ",
  body: object,
  timeoutMs: number,
): Promise<Known<Data>> {
  try {
    const subject = `$SYS.REQ.SERVER.${serverId}.${what}`;
    const reply = await system.request(subject, JSON.stringify(body), { timeout: timeoutMs });
    const { data, error } = reply.json<{ data?: Data; error?: { description?: string } }>();
    if (data === undefined || data === null) return { unseen: "refused", detail: error?.description ?? "no data" };
    return data;
  } catch (error) {
    return whyUnseen(error);
  }
}

/** Why a request brought nothing. A lost connection is no different from servers that do not answer. */
export function whyUnseen(error: unknown): Unseen {
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  if (/permissions? violation/i.test(`${text} ${cause}`)) return { unseen: "forbidden", detail: cause || text };
  const nobody = /no ?responders/i.test(`${(error as Error)?.name} ${text}`);
  if (nobody || (error instanceof RequestError && error.isNoResponders())) {
    return { unseen: "refused", detail: "nobody answers: this user does not belong to the system account" };
  }
  return { unseen: "no-answer", detail: text };
}
