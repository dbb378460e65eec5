import { RelightError } from "../../errors.ts";
import type { ArchivedConsumer } from "../archive/archive-report.ts";
import type { EntryBatch } from "../archive/archive-sink.ts";
import type { BlockTurns } from "../archive/block-memory.ts";
import { LiveReader } from "../archive/live-reader.ts";
import { refuseHidden } from "../archive/refuse-hidden.ts";
import { V1Writer } from "../archive/v1-writer.ts";
import { V2Writer } from "../archive/v2-writer.ts";
import { isoTime } from "../directory/archive-facts.ts";
import { Kernels } from "../kernels/kernels.ts";
import { describeConsumer, describeState, longestStateDescription } from "../natsarc/encode-natsarc.ts";
import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import { parseRfc3339 } from "../rfc3339.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import type { ArchiveEdit, ContentNumbers, EditReport, EditSource, EditTarget } from "./archive-edit.ts";
import { ConsumerEditor } from "./consumer-editor.ts";
import { MessageChanger } from "./message-changer.ts";
import { MessageFilter } from "./message-filter.ts";
import type { NewestPerSubject } from "./newest-per-subject.ts";

export interface EditOutput {
  /** Receives the archive piece by piece; a piece is valid only during the call. Absent: nothing is written. */
  readonly write?: (piece: Uint8Array, inBlock?: boolean) => void;
  /** v1, uncompressed: how long pieces of blocks stay as they are beyond that. */
  readonly turns?: BlockTurns;
  /** v2: receives what stands before the messages, in place of `write`. `likely`: nothing is expected to take its place. */
  readonly writeHead?: (head: Uint8Array, likely: boolean) => void;
}

export interface Edited {
  readonly report: EditReport;
  /** v2: what is to stand at the beginning of the archive, in place of as many other bytes that were written there. */
  readonly head: Uint8Array | undefined;
}

const zeroTime = "0001-01-01T00:00:00Z";
/** What a record of a file store holds, and its recovery takes. Source: nats-server server/filestore.go (`rlBadThresh`). */
const maxV1Record = 32 * 1024 * 1024;
const maxV1Subject = 65_535;

/**
 * Makes another archive of an archive of either format while its bytes arrive: the messages that an edit keeps, the consumers
 * as they stand then, in either format, under any name. With `newest` the source is read twice: first through
 * {@link NewestCounter}, whose result is handed in.
 *
 * Throws ARCHIVE_DAMAGED, and USAGE for a message that v1 archives cannot hold.
 */
export class ArchiveEditor {
  readonly #edit: ArchiveEdit;
  readonly #reader: LiveReader;
  readonly #filter: MessageFilter;
  readonly #newest: NewestPerSubject | undefined;
  readonly #changer: MessageChanger;
  readonly #consumers: ConsumerEditor;
  readonly #archived: ArchivedConsumer[] = [];
  readonly #toV1: boolean;
  readonly #v1: V1Writer | undefined;
  readonly #v2: V2Writer | undefined;
  readonly #kept = new SequenceRanges();
  /** What the result will amount to, as far as that can be said before. */
  #forecast: ContentNumbers | undefined;
  #begun = false;
  #sourceMessages = 0;
  /** v2: messages that the source says it holds. */
  #announced = 0;
  #messages = 0;
  #bytes = 0;
  #firstSequence = 0;
  #lastSequence = 0;
  #firstTime: bigint | undefined;
  #lastTime: bigint | undefined;
  #sourceLast: number;

  constructor(
    edit: ArchiveEdit,
    source: EditSource & { readonly newest?: NewestPerSubject | undefined },
    target: EditTarget,
    { write, turns, writeHead }: EditOutput,
    kernels = Kernels.create(),
  ) {
    this.#edit = edit;
    this.#sourceLast = source.lastSequence ?? 0;
    this.#archived.push(...(source.consumers ?? []));
    this.#newest = source.newest;
    this.#forecast = source.content;
    this.#filter = new MessageFilter(edit.select ?? {});
    this.#changer = new MessageChanger(kernels, edit, target.config, (batch) => this.#write(batch));
    this.#consumers = new ConsumerEditor(edit);
    this.#toV1 = target.format === "v1";
    const compress = target.compress ?? true;
    if (write && target.format === "v1") {
      const { config, created, emptyAsIn29 = false, index = false, restoredOrigins } = target;
      const options = { config, created, compress, emptyAsIn29, index, restoredOrigins };
      this.#v1 = new V1Writer(kernels, { ...options, write, turns });
    } else if (write) {
      const head = writeHead && ((bytes: Uint8Array) => writeHead(bytes, this.#foretold() !== undefined));
      this.#v2 = new V2Writer(kernels, { compress, write, ...(head ? { writeHead: head } : {}) });
    }
    this.#reader = new LiveReader(
      source,
      {
        state: (state) => {
          this.#sourceLast = Math.max(this.#sourceLast, state.last_seq);
          this.#announced = state.messages;
          this.#forecast = contentOf(state);
        },
        consumer: (consumer) => {
          if (!source.consumers) this.#archived.push(consumer);
        },
        messages: (batch) => this.#messagesOf(batch),
      },
      kernels,
    );
  }

  /** Takes the next compressed bytes, however they are cut. They are not kept. */
  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** The input has ended. */
  end(): Edited {
    this.#reader.end();
    refuseHidden(this.#reader, this.#announced, this.#sourceMessages);
    const last = this.#edit.renumber ? this.#messages : this.#lastOfResult();
    const consumers = this.#consumers.result(this.#archived, {
      kept: this.#kept,
      lastSequence: last,
      renumbered: this.#edit.renumber ?? false,
    });
    const lastTime = this.#lastOfSource() === last || this.#messages === 0 ? this.#reader.lastTime : 0n;
    this.#v1?.end(last, lastTime, consumers.kept);
    let head: Uint8Array | undefined;
    if (this.#v2) {
      if (!this.#begun) this.#begin();
      const bytes = this.#v2.end(this.#descriptions(consumers.kept, this.#content(last)));
      if (!this.#v2.headStands) head = bytes;
    }
    const report: EditReport = {
      sourceMessages: this.#sourceMessages,
      messages: this.#messages,
      bytes: this.#bytes,
      firstSequence: this.#messages > 0 ? this.#firstSequence : last + 1,
      lastMessage: this.#lastSequence,
      lastSequence: last,
      firstTime: this.#firstTime,
      lastTime: this.#lastTime,
      dropped: { ...this.#filter.dropped, ...this.#newest?.dropped },
      markersDropped: this.#filter.markersDropped,
      consumers: consumers.kept.map(({ name }) => name),
      droppedConsumers: consumers.dropped,
      droppedPending: consumers.droppedPending,
    };
    return { report, head };
  }

  #lastOfSource(): number {
    return Math.max(this.#sourceLast, this.#lastSequence);
  }

  /** The sequence that the stream goes on after: where it was cut, that of the cut. */
  #lastOfResult(): number {
    const cut = this.#edit.select?.lastSequence ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#lastOfSource(), cut);
  }

  #messagesOf(batch: EntryBatch): void {
    this.#sourceMessages += batch.count;
    const { rows } = batch;
    this.#sourceLast = Math.max(this.#sourceLast, rows.sequence[batch.count - 1] as number);
    let count = this.#filter.keep(batch);
    if (this.#newest && count > 0) count = this.#newest.keep({ ...batch, count });
    if (count > 0) this.#changer.messages({ ...batch, count });
  }

  /** Takes what is kept, in its final shape but for its sequences. */
  #write(batch: EntryBatch): void {
    const { rows, count } = batch;
    const { sequence, timestamp, nameLength, headerLength, payloadLength } = rows;
    let run = sequence[0] as number;
    let before = run - 1;
    // Counted in locals, and sequences noted in runs: this is done for every message.
    let total = 0;
    for (let row = 0; row < count; row++) {
      const next = sequence[row] as number;
      if (next !== before + 1) {
        this.#kept.appendRun(run, before);
        run = next;
      }
      before = next;
      const name = nameLength[row] as number;
      const headers = headerLength[row] as number;
      const bytes = 30 + name + headers + (headers > 0 ? 4 : 0) + (payloadLength[row] as number);
      if (this.#toV1 && (name > maxV1Subject || bytes > maxV1Record)) throw tooLarge(next);
      total += bytes;
    }
    this.#kept.appendRun(run, before);
    this.#bytes += total;
    if (this.#edit.renumber) for (let row = 0; row < count; row++) sequence[row] = this.#messages + row + 1;
    if (this.#messages === 0) {
      this.#firstSequence = sequence[0] as number;
      this.#firstTime = timestamp[0] as bigint;
    }
    this.#messages += count;
    this.#lastSequence = sequence[count - 1] as number;
    this.#lastTime = timestamp[count - 1] as bigint;
    if (this.#v2 && !this.#begun) this.#begin();
    (this.#v1 ?? this.#v2)?.messages(batch);
  }

  /** When the last sequence was stored, which need not be a message's any more. */
  #timeOf(last: number): bigint | undefined {
    const { lastTime } = this.#reader;
    const known = !this.#edit.renumber && last === this.#lastOfSource() && lastTime > (this.#lastTime ?? 0n);
    return known ? lastTime : this.#lastTime;
  }

  /** Writes a v2 head as long as it can become: positions only get smaller, and what is waited for fewer. */
  #begin(): void {
    this.#begun = true;
    const { kept } = this.#consumers.result(this.#archived, undefined);
    const longest = [
      longestStateDescription,
      ...kept.map(({ name, config, state }) => describeConsumer(name, config, state)),
    ];
    const foretold = this.#foretold();
    this.#v2?.begin(longest, foretold ? this.#descriptions(kept, foretold) : longest);
  }

  /** Where every message stays as it is, the source's numbers are likely the result's. */
  #foretold(): ContentNumbers | undefined {
    const { select, subjects, obfuscate, renumber = false } = this.#edit;
    return select || this.#newest || subjects || obfuscate || renumber ? undefined : this.#forecast;
  }

  #content(last: number): ContentNumbers {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      firstSequence: this.#firstSequence,
      lastSequence: last,
      firstTime: this.#firstTime,
      lastTime: this.#timeOf(last),
    };
  }

  #descriptions(consumers: readonly ArchivedConsumer[], content: ContentNumbers): ReturnType<typeof describeState>[] {
    const { messages, bytes, firstSequence, lastSequence: last, firstTime, lastTime } = content;
    return [
      describeState({
        messages,
        bytes,
        // A server compacts the stream up to here; an empty stream that had messages begins behind its last.
        first_seq: messages > 0 ? firstSequence : last === 0 ? 0 : last + 1,
        first_ts: isoTime(firstTime) ?? zeroTime,
        last_seq: last,
        last_ts: isoTime(lastTime) ?? zeroTime,
        consumer_count: consumers.length,
      }),
      ...consumers.map(({ name, config, state }) => describeConsumer(name, config, state)),
    ];
  }
}

/** Of a v2 archive, as its state says. */
function contentOf(state: StreamStateJson): ContentNumbers {
  return {
    messages: state.messages,
    bytes: state.bytes,
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    firstTime: parseRfc3339(state.first_ts),
    lastTime: parseRfc3339(state.last_ts),
  };
}

function tooLarge(sequence: number): RelightError {
  return new RelightError("USAGE", `the message with sequence ${sequence} is too large for a v1 archive`, {
    hint: "A v1 archive holds messages of up to 32 MiB; make a v2 archive, which nats-server 2.15 and newer restore.",
    context: { sequence },
  });
}
