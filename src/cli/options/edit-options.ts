import { type Command, InvalidArgumentError } from "commander";
import { RelightError } from "../../errors.ts";
import type { MessageSelection } from "../../formats/edit/message-filter.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";
import { parseRfc3339 } from "../../formats/rfc3339.ts";
import type { SubjectRule } from "../../formats/subjects/subject-map.ts";
import { SubjectPattern } from "../../formats/subjects/subject-pattern.ts";
import { parseGoDuration } from "../../jetstream/connection/go-duration.ts";
import { parsePositive } from "./size.ts";

/** The flags that choose messages by where and when they are, and what they are called. */
export interface CutFlags {
  readonly subject?: readonly string[];
  readonly untilSeq?: number;
  readonly untilTime?: bigint;
  readonly fromSeq?: number;
  readonly subjectMap?: readonly SubjectRule[];
}

/** The flags that only an edit has. */
export interface SelectFlags {
  readonly subject?: readonly string[];
  readonly excludeSubject?: readonly string[];
  readonly after?: bigint;
  readonly before?: bigint;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
  readonly header?: readonly { readonly name: string; readonly value?: string }[];
  readonly excludeHeader?: readonly string[];
  readonly payloadMatch?: readonly RegExp[];
  readonly excludePayloadMatch?: readonly RegExp[];
}

/** Of the flag of all commands that make something of a damaged backup. */
export const salvageHelp = "of a damaged backup, take what can be read, and list what cannot (exit code 3)";

/** Adds what `archive edit`, `ls`, `find` and `export` choose messages by. */
export function addSelectOptions(command: Command): Command {
  return command
    .option("--subject <pattern>", "messages whose subject matches; may be repeated", pattern)
    .option("--exclude-subject <pattern>", "not those whose subject matches; may be repeated", pattern)
    .option("--after <time>", "stored at or after a time (RFC 3339), or in the last 2h", parseMoment)
    .option("--before <time>", "stored before a time, or longer ago than 2h", parseMoment)
    .option("--first-seq <n>", "with this sequence or a higher one", parsePositive)
    .option("--last-seq <n>", "with this sequence or a lower one", parsePositive)
    .option("--header <name[:value]>", "with this header; may be repeated", header)
    .option("--exclude-header <name>", "without this header; may be repeated", repeated)
    .option("--payload-match <regex>", "whose payload matches a regular expression; may be repeated", regex)
    .option("--exclude-payload-match <regex>", "not those whose payload matches; may be repeated", regex);
}

/** Adds what a conversion and a restore cut by. */
export function addCutOptions(command: Command): Command {
  return command
    .option("--subject <pattern>", "only messages whose subject matches; may be repeated", pattern)
    .option("--until-seq <n>", "only messages up to this sequence, inclusive", parsePositive)
    .option("--until-time <time>", "only messages stored up to this time, inclusive; RFC 3339, or 2h ago", parseMoment);
}

export function selectionOf(flags: SelectFlags): MessageSelection | undefined {
  const selection: MessageSelection = {
    ...(flags.subject ? { subjects: flags.subject } : {}),
    ...(flags.excludeSubject ? { excludeSubjects: flags.excludeSubject } : {}),
    ...(flags.after === undefined ? {} : { after: flags.after }),
    ...(flags.before === undefined ? {} : { before: flags.before }),
    ...(flags.firstSeq === undefined ? {} : { firstSequence: flags.firstSeq }),
    ...(flags.lastSeq === undefined ? {} : { lastSequence: flags.lastSeq }),
    ...(flags.header ? { headers: flags.header } : {}),
    ...(flags.excludeHeader ? { excludeHeaders: flags.excludeHeader } : {}),
    ...(flags.payloadMatch ? { payloads: flags.payloadMatch } : {}),
    ...(flags.excludePayloadMatch ? { excludePayloads: flags.excludePayloadMatch } : {}),
  };
  return Object.keys(selection).length > 0 ? selection : undefined;
}

/** Throws USAGE where a selection can keep no message. */
export function refuseEmptyRange({ firstSequence = 1, lastSequence, after, before }: MessageSelection): void {
  if (lastSequence !== undefined && firstSequence > lastSequence) {
    throw new RelightError("USAGE", `no message has a sequence from ${firstSequence} to ${lastSequence}`);
  }
  if (after !== undefined && before !== undefined && after >= before) {
    throw new RelightError("USAGE", "no message was stored after the one time and before the other");
  }
}

/** Until a time is inclusive, and a selection's `before` is not. */
export function cutSpec(flags: CutFlags): EditSpec {
  const select: MessageSelection = {
    ...(flags.subject ? { subjects: flags.subject } : {}),
    ...(flags.fromSeq === undefined ? {} : { firstSequence: flags.fromSeq }),
    ...(flags.untilSeq === undefined ? {} : { lastSequence: flags.untilSeq }),
    ...(flags.untilTime === undefined ? {} : { before: flags.untilTime + 1n }),
  };
  return {
    ...(Object.keys(select).length > 0 ? { select } : {}),
    ...(flags.subjectMap ? { subjectRules: flags.subjectMap } : {}),
  };
}

/** `orders.*:archive.$1`: subjects that match become others. */
export function subjectRule(text: string, previous: readonly SubjectRule[] | undefined): SubjectRule[] {
  const at = text.indexOf(":");
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError("Write FROM:TO, for instance orders.*:archive.$1.");
  return [...(previous ?? []), { from: text.slice(0, at), to: text.slice(at + 1) }];
}

function pattern(text: string, previous: readonly string[] | undefined): string[] {
  if (!SubjectPattern.isValid(text))
    throw new InvalidArgumentError(`"${text}" is no pattern of subjects such as orders.* or orders.>.`);
  return [...(previous ?? []), text];
}

function repeated(text: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), text];
}

function header(text: string, previous: SelectFlags["header"]): NonNullable<SelectFlags["header"]> {
  const at = text.indexOf(":");
  const one = at < 0 ? { name: text.trim() } : { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
  if (one.name === "") throw new InvalidArgumentError("Write NAME or NAME:VALUE.");
  return [...(previous ?? []), one];
}

/** Flags in front, `(?i)`, are Go's and written so by users of the `nats` CLI. */
function regex(text: string, previous: readonly RegExp[] | undefined): RegExp[] {
  const [, flags = "", body = text] = /^\(\?([ims]+)\)(.*)$/s.exec(text) ?? [];
  try {
    return [...(previous ?? []), new RegExp(body, `${flags}u`)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A time in RFC 3339, or a duration before now, in nanoseconds since 1970. */
export function parseMoment(text: string): bigint {
  const time = parseRfc3339(text);
  if (time !== undefined) return time;
  try {
    const milliseconds = parseGoDuration(text, "time");
    if (milliseconds >= 0) return BigInt(Date.now() - Math.round(milliseconds)) * 1_000_000n;
  } catch (error) {
    if (!(error instanceof RelightError)) throw error;
  }
  throw new InvalidArgumentError(
    'It must be a time such as 2026-11-24T10:00:00Z, or a duration before now such as "2h".',
  );
}
