import type { EntryBatch } from "../archive/archive-sink.ts";
import { type HeaderField, headerFields, headerValues, isKeyMarker } from "../header-block.ts";
import { SubjectPattern } from "../subjects/subject-pattern.ts";
import { SubjectTable } from "../subjects/subject-table.ts";
import { moveRow } from "./move-row.ts";

/** Which messages are kept. What is absent does not matter; of several in a list any one will do. */
export interface MessageSelection {
  readonly firstSequence?: number;
  readonly lastSequence?: number;
  /** Stored at or after this time, nanoseconds since 1970. */
  readonly after?: bigint;
  /** Stored before this time, nanoseconds since 1970. */
  readonly before?: bigint;
  readonly subjects?: readonly string[];
  readonly excludeSubjects?: readonly string[];
  readonly headers?: readonly { readonly name: string; readonly value?: string }[];
  readonly excludeHeaders?: readonly string[];
  readonly payloads?: readonly RegExp[];
  readonly excludePayloads?: readonly RegExp[];
}

/** A message is dropped by the first of these that it fails, in this order. */
export type DropReason = "sequence" | "time" | "subject" | "header" | "payload" | "per-subject" | "key-removed";

/** How many messages each filter dropped. */
export type DropCounts = Partial<Record<DropReason, number>>;

/** Subjects whose verdict is remembered. */
const maxSubjects = 64 * 1024;

const Verdict = { unknown: 0, keep: 1, drop: 2 } as const;

/** Drops the rows of messages that a selection does not keep. */
export class MessageFilter {
  readonly #selection: MessageSelection;
  readonly #keepsAll: boolean;
  readonly #wanted: readonly SubjectPattern[];
  readonly #unwanted: readonly SubjectPattern[];
  readonly #payloads: readonly RegExp[];
  readonly #unwantedPayloads: readonly RegExp[];
  readonly #subjects = new SubjectTable();
  readonly #verdicts = new Uint8Array(maxSubjects);
  readonly #payloadText = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #dropped: Record<string, number> = {};
  /** Markers of removed keys that a header or payload filter dropped: their keys are back. */
  markersDropped = 0;

  constructor(selection: MessageSelection) {
    this.#selection = selection;
    this.#keepsAll = Object.values(selection).every((value) => value === undefined);
    this.#wanted = (selection.subjects ?? []).map((text) => new SubjectPattern(text));
    this.#unwanted = (selection.excludeSubjects ?? []).map((text) => new SubjectPattern(text));
    this.#payloads = (selection.payloads ?? []).map(stateless);
    this.#unwantedPayloads = (selection.excludePayloads ?? []).map(stateless);
  }

  get dropped(): DropCounts {
    return this.#dropped;
  }

  /** Moves the rows that are kept to the front; returns how many they are. */
  keep(batch: EntryBatch): number {
    const { rows, count } = batch;
    if (this.#keepsAll) return count;
    const { sequence, timestamp, offset, nameLength } = rows;
    const { bytes } = batch.kernels;
    // Nothing grows the kernels' memory here, so that the columns are taken once: this is done for every message.
    const { firstSequence = 0, lastSequence = Number.POSITIVE_INFINITY, after, before } = this.#selection;
    const byTime = after !== undefined || before !== undefined;
    const bySubject = this.#wanted.length + this.#unwanted.length > 0;
    let kept = 0;
    for (let row = 0; row < count; row++) {
      const next = sequence[row] as number;
      let reason: DropReason | undefined;
      if (next < firstSequence || next > lastSequence) reason = "sequence";
      else if (byTime && !within(timestamp[row] as bigint, after, before)) reason = "time";
      else if (bySubject && !this.#hasSubject(bytes, offset[row] as number, nameLength[row] as number))
        reason = "subject";
      else reason = this.#contentReason(batch, row);
      if (reason === undefined) moveRow(rows, row, kept++);
      else this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
    }
    return kept;
  }

  #hasSubject(bytes: Uint8Array, at: number, length: number): boolean {
    if (this.#subjects.size >= maxSubjects) {
      this.#subjects.clear();
      this.#verdicts.fill(Verdict.unknown);
    }
    const number = this.#subjects.number(bytes, at, length);
    if (this.#verdicts[number] === Verdict.unknown) {
      const subject = this.#subjects.text(number);
      const unwanted = this.#unwanted.some((pattern) => pattern.covers(subject));
      const wanted = this.#wanted.length === 0 || this.#wanted.some((pattern) => pattern.covers(subject));
      this.#verdicts[number] = wanted && !unwanted ? Verdict.keep : Verdict.drop;
    }
    return this.#verdicts[number] === Verdict.keep;
  }

  #contentReason({ kernels, rows }: EntryBatch, row: number): "header" | "payload" | undefined {
    const { headers = [], excludeHeaders = [] } = this.#selection;
    const byHeader = headers.length + excludeHeaders.length > 0;
    const byPayload = this.#payloads.length + this.#unwantedPayloads.length > 0;
    if (!byHeader && !byPayload) return undefined;
    const at = (rows.offset[row] as number) + (rows.nameLength[row] as number);
    const border = at + (rows.headerLength[row] as number);
    const fields = headerFields(kernels.bytes.subarray(at, border));
    let reason: "header" | "payload" | undefined;
    if (byHeader && !keepsHeaders(fields, headers, excludeHeaders)) reason = "header";
    else if (byPayload) {
      const payload = kernels.bytes.subarray(border, border + (rows.payloadLength[row] as number));
      if (!this.#keepsPayload(this.#payloadText.decode(payload))) reason = "payload";
    }
    if (reason && isKeyMarker(fields)) this.markersDropped++;
    return reason;
  }

  #keepsPayload(text: string): boolean {
    if (this.#unwantedPayloads.some((pattern) => pattern.test(text))) return false;
    return this.#payloads.length === 0 || this.#payloads.some((pattern) => pattern.test(text));
  }
}

function within(time: bigint, after: bigint | undefined, before: bigint | undefined): boolean {
  return (after === undefined || time >= after) && (before === undefined || time < before);
}

function keepsHeaders(
  fields: readonly HeaderField[],
  wanted: NonNullable<MessageSelection["headers"]>,
  unwanted: readonly string[],
): boolean {
  if (unwanted.some((name) => headerValues(fields, name).length > 0)) return false;
  if (wanted.length === 0) return true;
  return wanted.some(({ name, value }) => {
    const values = headerValues(fields, name);
    return value === undefined ? values.length > 0 : values.includes(value);
  });
}

/** An expression with the flags `g` or `y` goes on where its last match ended, in another payload. */
function stateless(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
}
