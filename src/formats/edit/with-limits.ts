import type { ArchiveReport } from "../archive/archive-report.ts";
import type { EntryBatch } from "../archive/archive-sink.ts";
import { LiveReader } from "../archive/live-reader.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import { NewestCounter } from "./newest-counter.ts";
import type { ReadArchive } from "./run-edit.ts";

/** What is known of the messages from elsewhere: of the stream when the snapshot began, or of the archive when it was proven. */
export interface KnownMessages {
  readonly messages?: number | undefined;
  /** The first sequence. */
  readonly first?: number | undefined;
}

export interface LimitedArchive {
  /** Kernels for one pass. */
  readonly kernels: () => Kernels;
  readonly known?: KnownMessages | undefined;
}

/** Takes the whole archive once, from its beginning. */
export interface ArchivePass {
  push(bytes: Uint8Array): void;
  end(): void;
}

/**
 * The report of an archive, without the messages that the stream's limits had removed: a server leaves them in their blocks without a
 * mark, and only an index tells. Where there is none a server applies the limits again when it restores, and so does this: first the
 * one per subject, so that nothing is lost which the stream still had. What lies before the first sequence that is known was purged,
 * which some servers do not mark either. Age is left to whoever knows when that is. The same report where there is nothing to
 * apply. Throws what reading throws.
 */
export function withLimits(
  report: ArchiveReport,
  source: LimitedArchive & { readonly read: ReadArchive },
): ArchiveReport {
  const passes = limitPasses(report, source);
  for (;;) {
    const step = passes.next();
    if (step.done) return step.value;
    source.read((bytes) => step.value.push(bytes));
    step.value.end();
  }
}

/** The same, for who reads the archive in another way: each pass is to be given all of it before the next. */
export function* limitPasses(
  report: ArchiveReport,
  source: LimitedArchive,
): Generator<ArchivePass, ArchiveReport, void> {
  const { format, index, live, stream, problems } = report;
  const { messages: expected, first = 0 } = source.known ?? {};
  if (format !== "v1" || index !== "none" || !stream || live.messages === expected) return report;
  const { max_msgs_per_subject: perSubject, max_msgs: messages, max_bytes: bytes, discard } = stream.config;
  // Such a stream never had more than that.
  const whole = discard === "new";
  let kept = live.ranges.above(first - 1);
  if (isLimit(perSubject)) kept = yield* newestOf(kept, perSubject, source);
  if (isLimit(messages) && !whole && kept.count > messages) kept = withoutFirst(kept, kept.count - messages);
  let content = kept.count < live.messages || (isLimit(bytes) && !whole) ? yield* contentOf(kept, source) : undefined;
  if (content && isLimit(bytes) && !whole && content.bytes > bytes) {
    kept = yield* withinBytes(kept, content.bytes - bytes, source);
    content = yield* contentOf(kept, source);
  }
  const gone = live.messages - kept.count;
  if (gone === 0 || !content) return report;
  const message = `${gone} messages that the stream's limits, or a purge, had removed are passed over: without an index nothing marks them`;
  return {
    ...report,
    live: { messages: kept.count, firstSequence: kept.first, lastSequence: kept.last, ...content, ranges: kept },
    resurrects: report.resurrects + gone,
    problems: [...problems, { code: "limits-applied", severity: "note", message, count: gone }],
  };
}

const isLimit = (value: unknown): value is number => typeof value === "number" && value > 0;

function reading(
  live: SequenceRanges,
  { kernels }: LimitedArchive,
  messages: (batch: EntryBatch) => void,
): ArchivePass {
  return new LiveReader({ live }, { consumer: () => {}, messages }, kernels());
}

function* newestOf(
  live: SequenceRanges,
  count: number,
  source: LimitedArchive,
): Generator<ArchivePass, SequenceRanges> {
  const counter = new NewestCounter({ count }, {}, { live }, source.kernels());
  yield counter;
  const newest = counter.end();
  const kept = new SequenceRanges();
  yield reading(live, source, (batch) => {
    const left = newest.keep(batch);
    for (let row = 0; row < left; row++) kept.append(batch.rows.sequence[row] as number);
  });
  return kept;
}

function withoutFirst(live: SequenceRanges, count: number): SequenceRanges {
  let left = count;
  for (const [first, last] of live) {
    if (left <= last - first) return live.above(first + left - 1);
    left -= last - first + 1;
  }
  return new SequenceRanges();
}

/** As a file store counts them. */
const sizeOf = ({ rows }: EntryBatch, row: number): number => {
  const headers = rows.headerLength[row] as number;
  return 30 + (rows.nameLength[row] as number) + headers + (headers > 0 ? 4 : 0) + (rows.payloadLength[row] as number);
};

interface Content {
  readonly bytes: number;
  readonly firstTime: bigint | undefined;
  readonly lastTime: bigint | undefined;
}

function* contentOf(live: SequenceRanges, source: LimitedArchive): Generator<ArchivePass, Content> {
  let bytes = 0;
  let firstTime: bigint | undefined;
  let lastTime: bigint | undefined;
  yield reading(live, source, (batch) => {
    for (let row = 0; row < batch.count; row++) bytes += sizeOf(batch, row);
    firstTime ??= batch.rows.timestamp[0];
    lastTime = batch.rows.timestamp[batch.count - 1];
  });
  return { bytes, firstTime, lastTime };
}

/** Without the oldest, until `excess` bytes are gone. */
function* withinBytes(
  live: SequenceRanges,
  excess: number,
  source: LimitedArchive,
): Generator<ArchivePass, SequenceRanges> {
  let left = excess;
  let last = 0;
  yield reading(live, source, (batch) => {
    for (let row = 0; row < batch.count && left > 0; row++) {
      left -= sizeOf(batch, row);
      last = batch.rows.sequence[row] as number;
    }
  });
  return live.above(last);
}
