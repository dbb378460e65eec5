import { ArchiveInspector, type ArchiveReport } from "./archive/archive-inspector.ts";
import { LiveReader } from "./archive/live-reader.ts";
import { limitPasses } from "./edit/with-limits.ts";
import { Kernels } from "./kernels/kernels.ts";
import { type Message, messagesOf } from "./message-batches.ts";

/** The bytes of an archive, from its beginning. Called more than once: an archive is first proven, and read afterwards. */
export type OpenArchive = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** An archive that was decoded to its end, with every checksum in it. */
export interface ReadableArchive {
  /** What was found: format, live sequences, consumers, and problems. Those that are `fatal` mean that messages are missing. */
  readonly report: ArchiveReport;
  /** The live messages in ascending order, some at a time. */
  messages(): AsyncGenerator<readonly Message[], void, undefined>;
}

/** Compressed bytes that are decoded before what came out is handed on: a few blocks of a few MiB at most. */
const stepBytes = 4 * 1024;

/**
 * Reads a stream's archive, of either format, as nats-server makes it.
 * Throws ARCHIVE_DAMAGED (context: `entry`, `offset`, `encodedOffset`), SNAPSHOT_INCOMPLETE.
 *
 * @example
 * const archive = await readArchive(() => createReadStream("stream.arc.s2"));
 * for await (const messages of archive.messages()) for (const { sequence, subject } of messages) console.log(sequence, subject);
 */
export async function readArchive(open: OpenArchive): Promise<ReadableArchive> {
  const inspector = new ArchiveInspector();
  for await (const bytes of open()) inspector.push(bytes);
  const report = await limited(open, inspector.end());
  return { report, messages: () => messages(open, report) };
}

/** Where a v1 archive has no index, without what the stream's limits had removed. */
async function limited(open: OpenArchive, found: ArchiveReport): Promise<ArchiveReport> {
  const passes = limitPasses(found, { kernels: () => Kernels.create() });
  for (;;) {
    const step = passes.next();
    if (step.done) return step.value;
    for await (const bytes of open()) step.value.push(bytes);
    step.value.end();
  }
}

async function* messages(
  open: OpenArchive,
  { format, live }: ArchiveReport,
): AsyncGenerator<readonly Message[], void, undefined> {
  let found: Message[] = [];
  const reader = new LiveReader(
    { live: format === "v1" ? live.ranges : undefined },
    { consumer: () => {}, messages: (batch) => void found.push(...messagesOf(batch)) },
  );
  for await (const bytes of open()) {
    for (let at = 0; at < bytes.length; at += stepBytes) {
      reader.push(bytes.subarray(at, at + stepBytes));
      if (found.length === 0) continue;
      yield found;
      found = [];
    }
  }
  reader.end();
}
