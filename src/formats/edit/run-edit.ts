import { ArchiveInspector, type ArchiveReport } from "../archive/archive-inspector.ts";
import type { ArchiveOutline } from "../archive/archive-outline.ts";
import { ArchiveWalk } from "../archive/archive-walk.ts";
import { checkConsumers } from "../archive/check-consumers.ts";
import { fewOfEach } from "../archive/few-of-each.ts";
import { idleV1, idleV2 } from "../archive/idle-sinks.ts";
import { judgeV1 } from "../archive/judge-v1.ts";
import { problemsSinceStart, type StateAtStart, stateAtStart } from "../archive/losses-at-start.ts";
import { refuseIncomplete } from "../archive/refuse-incomplete.ts";
import { V1Evidence } from "../archive/v1-evidence.ts";
import type { StreamMeta } from "../filestore/meta-inf.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { SubjectMap, type SubjectRule } from "../subjects/subject-map.ts";
import type { ArchiveEdit, EditSource, EditTarget } from "./archive-edit.ts";
import { ArchiveEditor, type Edited, type EditOutput } from "./archive-editor.ts";
import type { MessageSelection } from "./message-filter.ts";
import { NewestCounter } from "./newest-counter.ts";
import type { NewestOptions } from "./newest-per-subject.ts";
import type { Obfuscator } from "./obfuscator.ts";
import { type KnownMessages, withLimits } from "./with-limits.ts";

/** An edit as plain data, which travels between threads. Obfuscation is by a key file's text, or by a new secret. */
export interface EditSpec {
  readonly select?: MessageSelection;
  readonly newest?: NewestOptions;
  readonly subjectRules?: readonly SubjectRule[];
  readonly renumber?: boolean;
  readonly consumers?: boolean;
  readonly leaveOutConsumers?: readonly { readonly name: string; readonly reason: string }[];
  readonly dropConsumerFields?: readonly string[];
}

/** Reads the whole archive from its beginning and hands over its bytes piece by piece; false ends the reading early. */
export type ReadArchive = (
  // biome-ignore lint/suspicious/noConfusingVoidType: most takers return nothing
  take: (bytes: Uint8Array) => boolean | void,
  /** The last time that it is read, in which the result is written. */
  last?: boolean,
) => void;

export interface RunEdit {
  readonly read: ReadArchive;
  /** The source's format, where it is known. */
  readonly from?: "v1" | "v2" | undefined;
  /** v1: take a source that lacks what it should hold. Default false. For what was salvaged, and told of. */
  readonly incomplete?: boolean | undefined;
  /** v1: the stream when its snapshot began. */
  readonly atStart?: StateAtStart | undefined;
  /** v1: see {@link withLimits}. */
  readonly known?: KnownMessages | undefined;
  readonly spec: EditSpec;
  readonly obfuscate?: Obfuscator | undefined;
  /** The stream's last sequence, where it is known to lie behind what the archive says. */
  readonly lastSequence?: number | undefined;
  /** Or what makes it of what a v1 archive says of its stream. */
  readonly target: EditTarget | ((stream: StreamMeta | undefined) => EditTarget);
  /** Or what makes it of the kernels of the last pass. */
  readonly output: EditOutput | ((kernels: Kernels) => EditOutput);
  /** Kernels for one pass: the next pass may get the same ones, begun anew. */
  readonly kernels: () => Kernels;
  /**
   * v1: leave the hashes of records to the last pass, which checks all of them. For who uses nothing of the result before
   * that has come to its end.
   */
  readonly verifyAtTheEnd?: boolean;
  /**
   * v1: what the archive says beside its messages, {@link outlineArchive}. With it the first pass is left out, and what its index says
   * is judged at the end: for who throws the result away where that was wrong.
   */
  readonly foresee?: (() => ArchiveOutline | undefined) | undefined;
}

/** The index of an archive was not true of its records; nothing of the result is of use. Without `foresee` it can be edited. */
export class Misforeseen extends Error {}

export interface EditRan extends Edited {
  readonly from: "v1" | "v2";
  /** v1: what a first pass found. */
  readonly inspected: ArchiveReport | undefined;
}

/**
 * Edits an archive in as many passes as that takes: one for v2, two for v1, whose live messages are known at its end only, and
 * one more where the newest messages of each subject are to be found. Throws ARCHIVE_DAMAGED, also where a v1 archive lacks
 * what its index lists, and {@link Misforeseen}.
 */
export function runEdit({
  read,
  from: format,
  incomplete = false,
  atStart = stateAtStart(undefined),
  known,
  spec,
  obfuscate,
  lastSequence,
  target,
  output,
  kernels,
  verifyAtTheEnd = false,
  foresee,
}: RunEdit): EditRan {
  const from = format ?? archiveFormat(read, kernels());
  const foreseen = from === "v1" ? foresee?.() : undefined;
  const found = from === "v1" && !foreseen ? inspect(read, kernels(), !verifyAtTheEnd) : undefined;
  const inspected = found && withLimits(found, { read, kernels, known });
  if (inspected && !incomplete) refuseIncomplete(problemsSinceStart(inspected, atStart));
  const told = foreseen ? sourceOfOutline(foreseen) : inspected ? sourceOfReport(inspected) : {};
  const source = { ...told, lastSequence: Math.max(lastSequence ?? 0, told.lastSequence ?? 0) };
  let newest: ReturnType<NewestCounter["end"]> | undefined;
  if (spec.newest) {
    const counter = new NewestCounter(spec.newest, spec.select ?? {}, source, kernels());
    read((bytes) => counter.push(bytes));
    newest = counter.end();
  }
  const { subjectRules, ...rest } = spec;
  const edit: ArchiveEdit = {
    ...rest,
    ...(subjectRules?.length ? { subjects: new SubjectMap(subjectRules) } : {}),
    ...(obfuscate ? { obfuscate } : {}),
  };
  const to = typeof target === "function" ? target(foreseen?.stream ?? inspected?.stream) : target;
  const last = kernels();
  const out = typeof output === "function" ? output(last) : output;
  const evidence = foreseen ? new V1Evidence({}) : undefined;
  const editor = new ArchiveEditor(edit, { ...source, newest, evidence }, to, out, last);
  read((bytes) => editor.push(bytes), true);
  const edited = editor.end();
  if (foreseen && evidence) judgeForeseen(foreseen, evidence, incomplete, atStart);
  return { ...edited, from, inspected };
}

function sourceOfReport({ live, lastSequence, consumers }: ArchiveReport): EditSource {
  const { messages, bytes, firstSequence, firstTime, lastTime, ranges } = live;
  // Where the bytes are known exactly, all of it is.
  const content =
    bytes === undefined ? {} : { content: { messages, bytes, firstSequence, lastSequence, firstTime, lastTime } };
  return { live: ranges, consumers, lastSequence, ...content };
}

function sourceOfOutline({ index, consumers }: ArchiveOutline): EditSource {
  const { messages, bytes, firstSequence, lastSequence, blocks, live } = index;
  const filled = blocks.filter((block) => block.messages > 0);
  const content = {
    messages,
    bytes,
    firstSequence,
    lastSequence,
    firstTime: filled[0]?.firstTime,
    lastTime: filled.at(-1)?.lastTime,
  };
  return { live, consumers, lastSequence, content };
}

/** Throws ARCHIVE_DAMAGED where it lacks what it should hold, and Misforeseen where other messages were live than its index said. */
function judgeForeseen(
  { index }: ArchiveOutline,
  evidence: V1Evidence,
  incomplete: boolean,
  atStart: StateAtStart,
): void {
  evidence.finish();
  const verdict = judgeV1(evidence);
  const { live, lastSequence, consumers } = verdict;
  if (!incomplete) {
    const problems = [...verdict.problems, ...checkConsumers(consumers, lastSequence)];
    refuseIncomplete(fewOfEach(problemsSinceStart({ ...verdict, problems }, atStart)));
  }
  if (lastSequence !== index.lastSequence || !live.ranges.equals(index.live)) throw new Misforeseen();
}

/** The format of an archive, which its first bytes tell. Throws ARCHIVE_DAMAGED where they are no archive. */
export function archiveFormat(read: ReadArchive, kernels: Kernels): "v1" | "v2" {
  const walk = new ArchiveWalk({ v1: () => idleV1, v2: () => idleV2 }, kernels);
  read((bytes) => {
    for (let at = 0; at < bytes.length && walk.format === undefined; at += 64 * 1024) {
      walk.push(bytes.subarray(at, at + 64 * 1024));
    }
    return walk.format === undefined;
  });
  if (walk.format === undefined) walk.end();
  return walk.format ?? "v1";
}

function inspect(read: ReadArchive, kernels: Kernels, verifyRecords: boolean): ArchiveReport {
  const inspector = new ArchiveInspector({ verifyRecords }, kernels);
  read((bytes) => inspector.push(bytes));
  return inspector.end();
}
