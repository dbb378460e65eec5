import type { ConsumerInfo } from "../../jetstream/api-types.ts";
import type { StreamContent } from "./stream-content.ts";

export interface Expectation {
  /** Sequences that were acknowledged after the first reading, and must be there too. */
  readonly added: readonly number[];
  /** It comes from a backup: then a consumer may stand where the archive has it, at its acknowledgement floor. */
  readonly restored: boolean;
}

export interface StreamComparison {
  readonly stream: string;
  readonly messages: number;
  readonly consumers: number;
  /** For a person. Empty: everything is as it was. */
  readonly differences: readonly string[];
  /** What is so by design, and to be known. */
  readonly notes: readonly string[];
}

/** Differences that are listed; beyond, they are counted. */
const most = 5;

/** Holds a stream against what it was: every message, every consumer. Pure. */
export function compareContent(before: StreamContent, after: StreamContent, expected: Expectation): StreamComparison {
  const notes: string[] = [];
  const differences = [
    ...messageDifferences(before, after, new Set(expected.added)),
    ...consumerDifferences(before, after, expected.restored, notes),
  ];
  for (const field of ["num_replicas", "retention", "storage"] as const) {
    const [was, is] = [before.info.config[field], after.info.config[field]];
    if (was !== is) differences.push(`its configuration has ${field} ${String(is)} instead of ${String(was)}`);
  }
  return { stream: before.name, messages: after.messages.size, consumers: after.consumers.length, differences, notes };
}

function messageDifferences(
  before: StreamContent,
  after: StreamContent,
  added: ReadonlySet<number>,
): readonly string[] {
  const missing = [...before.messages.keys(), ...added].filter((sequence) => !after.messages.has(sequence));
  const extra = [...after.messages.keys()].filter((sequence) => !before.messages.has(sequence) && !added.has(sequence));
  const changed = [...before.messages].filter(([sequence, { time, hash }]) => {
    const is = after.messages.get(sequence);
    return is !== undefined && (is.time !== time || is.hash !== hash);
  });
  return [
    ...counted(missing, "missing"),
    ...counted(extra, "not expected"),
    ...counted(
      changed.map(([sequence]) => sequence),
      "changed",
    ),
  ];
}

const count = (messages: number): string => `${messages} ${messages === 1 ? "message" : "messages"}`;

function counted(sequences: readonly number[], what: string): readonly string[] {
  if (sequences.length === 0) return [];
  const listed = [...sequences].sort((a, b) => a - b).slice(0, most);
  const more = sequences.length > most ? ", ..." : "";
  return [`${what}: ${count(sequences.length)} (sequence ${listed.join(", ")}${more})`];
}

function consumerDifferences(
  before: StreamContent,
  after: StreamContent,
  restored: boolean,
  notes: string[],
): readonly string[] {
  const differences = after.silentConsumers.map((name) => `consumer ${name} does not answer`);
  const there = new Map(after.consumers.map((consumer) => [consumer.name, consumer]));
  for (const was of before.consumers) {
    const is = there.get(was.name);
    there.delete(was.name);
    if (!is) {
      if (!after.silentConsumers.includes(was.name)) differences.push(`consumer ${was.name} is missing`);
      continue;
    }
    const changes = changesOf(was, is);
    if (changes.length === 0) continue;
    if (restored && standsAtFloor(was, is)) {
      notes.push(
        `consumer ${was.name} goes on behind its last acknowledgement: ${count(was.num_ack_pending)} delivered again`,
      );
    } else differences.push(`consumer ${was.name}: ${changes.join(", ")}`);
  }
  for (const name of there.keys()) differences.push(`consumer ${name} was not there before`);
  return differences;
}

function changesOf(was: ConsumerInfo, is: ConsumerInfo): readonly string[] {
  const facts: readonly (readonly [string, (consumer: ConsumerInfo) => number])[] = [
    ["delivered up to", ({ delivered }) => delivered.stream_seq],
    ["acknowledged up to", ({ ack_floor }) => ack_floor.stream_seq],
    ["unacknowledged", ({ num_ack_pending }) => num_ack_pending],
  ];
  return facts.flatMap(([name, of]) => (of(was) === of(is) ? [] : [`${name} ${of(is)} instead of ${of(was)}`]));
}

/** A snapshot of a cluster has no single pending messages: the consumer goes back to where all is acknowledged. */
function standsAtFloor(was: ConsumerInfo, is: ConsumerInfo): boolean {
  const floor = was.ack_floor.stream_seq;
  return is.delivered.stream_seq === floor && is.ack_floor.stream_seq === floor && is.num_ack_pending === 0;
}
