import type { EditSpec } from "../formats/edit/run-edit.ts";
import { SubjectMap } from "../formats/subjects/subject-map.ts";
import type { ReadMessage } from "./read-messages.ts";

/** A stream as plain lists. */
export interface OracleStream {
  /** Those that are alive, bytes as latin 1. */
  readonly messages: readonly ReadMessage[];
  readonly lastSequence: number;
  readonly consumers: readonly OracleConsumer[];
}

export interface OracleConsumer {
  readonly name: string;
  readonly filter?: string;
  readonly floor: number;
  readonly delivered: number;
  readonly pending: readonly number[];
}

/** What an edit should make of a stream, and should say about it. */
export interface OracleResult {
  readonly stream: OracleStream;
  readonly dropped: Readonly<Record<string, number>>;
  readonly markersDropped: number;
  readonly droppedConsumers: readonly string[];
  readonly droppedPending: number;
}

const text = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");
const escaped = (literal: string): string => literal.replace(/[$^*+?.()|[\]{}\\/]/g, "\\$&");
const latin1 = (utf8: string): string => Buffer.from(utf8).toString("latin1");

/** A pattern of subjects, or the source of a rule, as a regular expression whose groups are the wildcards. */
function expression(pattern: string): RegExp {
  const parts = pattern
    .split(".")
    .map((token) => (token === "*" ? "([^.]+)" : token === ">" ? "(.+)" : escaped(token)));
  return new RegExp(`^${parts.join("\\.")}$`);
}

/** Reckons with lists what an edit does: the oracle of the archive editor, which it shares no code with, but for filters. */
export function oracleEdit(source: OracleStream, spec: EditSpec): OracleResult {
  const dropped: Record<string, number> = {};
  const drop = (reason: string): false => {
    dropped[reason] = (dropped[reason] ?? 0) + 1;
    return false;
  };
  let markersDropped = 0;
  const selected = source.messages.filter((message) => {
    const reason = reasonOf(message, spec.select ?? {});
    if ((reason === "header" || reason === "payload") && isMarker(message)) markersDropped++;
    return reason === undefined || drop(reason);
  });
  const kept = selected.filter((message) => isNewest(message, selected, spec) || drop(newestReason(spec)));
  const renumbered = spec.renumber === true;
  const lastSequence = renumbered
    ? kept.length
    : Math.min(source.lastSequence, spec.select?.lastSequence ?? Number.POSITIVE_INFINITY);
  const messages = kept.map((message, index) => ({
    ...message,
    subject: renamed(message.subject, spec),
    sequence: renumbered ? index + 1 : message.sequence,
  }));

  const map = new SubjectMap(spec.subjectRules ?? []);
  const filters = source.consumers.map(({ filter }) => (filter === undefined ? "" : map.renameFilter(filter)));
  const stays = (index: number): boolean => spec.consumers !== false && filters[index] !== undefined;
  const upTo = (sequence: number): number => kept.filter((message) => message.sequence <= sequence).length;
  const moved = (sequence: number): number => Math.min(renumbered ? upTo(sequence) : sequence, lastSequence);
  const waits = (sequence: number): boolean => kept.some((message) => message.sequence === sequence);
  const remaining = source.consumers.filter((_, index) => stays(index));
  return {
    stream: {
      messages,
      lastSequence,
      consumers: source.consumers.flatMap((consumer, index) =>
        stays(index)
          ? [
              {
                name: consumer.name,
                ...(filters[index] ? { filter: filters[index] } : {}),
                floor: moved(consumer.floor),
                delivered: moved(consumer.delivered),
                pending: consumer.pending.filter(waits).map(moved),
              },
            ]
          : [],
      ),
    },
    dropped,
    markersDropped,
    droppedConsumers: source.consumers.filter((_, index) => !stays(index)).map(({ name }) => name),
    droppedPending: remaining.flatMap(({ pending }) => pending).filter((sequence) => !waits(sequence)).length,
  };
}

function reasonOf(message: ReadMessage, select: NonNullable<EditSpec["select"]>): string | undefined {
  const { sequence, time, subject, headers, payload } = message;
  if (sequence < (select.firstSequence ?? 0) || sequence > (select.lastSequence ?? Number.POSITIVE_INFINITY))
    return "sequence";
  if (time < (select.after ?? 0n) || (select.before !== undefined && time >= select.before)) return "time";
  const matches = (pattern: string): boolean => expression(pattern).test(text(subject));
  if (select.excludeSubjects?.some(matches)) return "subject";
  if (select.subjects?.length && !select.subjects.some(matches)) return "subject";
  const has = ({ name, value }: { name: string; value?: string }): boolean =>
    new RegExp(`\r\n${name}: ${value === undefined ? "" : `${escaped(value)}\r\n`}`, "i").test(text(headers));
  if (select.excludeHeaders?.some((name) => has({ name }))) return "header";
  if (select.headers?.length && !select.headers.some(has)) return "header";
  if (select.excludePayloads?.some((pattern) => text(payload).match(pattern))) return "payload";
  if (select.payloads?.length && !select.payloads.some((pattern) => text(payload).match(pattern))) return "payload";
  return undefined;
}

function isMarker({ headers }: ReadMessage): boolean {
  return (
    /\r\nKV-Operation: (DEL|PURGE)\r\n/.test(headers) ||
    /\r\nNats-Marker-Reason: (MaxAge|Purge|Remove)\r\n/.test(headers)
  );
}

function isNewest(message: ReadMessage, all: readonly ReadMessage[], { newest }: EditSpec): boolean {
  if (!newest) return true;
  const newer = all.filter(({ subject, sequence }) => subject === message.subject && sequence > message.sequence);
  return newer.length < newest.count && !(newest.dropRemovedKeys && isMarker(message));
}

const newestReason = ({ newest }: EditSpec): string => (newest?.dropRemovedKeys ? "key-removed" : "per-subject");

function renamed(subject: string, { subjectRules = [] }: EditSpec): string {
  for (const { from, to } of subjectRules) {
    const match = expression(from).exec(text(subject));
    if (match)
      return latin1(
        to.replace(/\$(\d)/g, (_, place: string) => match[Number(place)] ?? "").replace(/>/g, match.at(-1) ?? ""),
      );
  }
  return subject;
}
