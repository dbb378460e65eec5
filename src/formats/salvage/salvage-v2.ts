import { MalformedBytes } from "../byte-reader.ts";
import { ByteWriter } from "../byte-writer.ts";
import { describeState, encodeNatsarcHead } from "../natsarc/encode-natsarc.ts";
import { natsarcMagic } from "../natsarc/entry-head.ts";
import { decodeConsumerJson, decodeStateJson, type StreamStateJson } from "../natsarc/natsarc-json.ts";
import type { Parsing } from "../parsing.ts";
import { type EntrySpan, spanAt } from "./entry-span.ts";
import { LostSequences } from "./lost-sequences.ts";
import type { MendedArchive } from "./mended-archive.ts";
import { maxHeldBytes, type SalvageInput } from "./salvage-input.ts";
import type { SalvageKnowledge, SalvageReport } from "./salvage-report.ts";

/** Entries in a row that have to look right before the first of them is believed to begin there. */
const chain = 4;

const never = "0001-01-01T00:00:00Z";

/**
 * Reads a damaged v2 archive and writes one that is whole, of the messages whose every byte lies in blocks with a right
 * checksum. An entry has no checksum of its own and nothing marks where it begins: behind damage, that is where several
 * entries in a row look like entries, of ascending sequences.
 */
export function* salvageV2(
  input: SalvageInput,
  mended: MendedArchive,
  knowledge: SalvageKnowledge,
): Parsing<SalvageReport> {
  return yield* new V2Salvage(input, mended, knowledge).run();
}

class V2Salvage {
  readonly #input: SalvageInput;
  readonly #mended: MendedArchive;
  readonly #knowledge: SalvageKnowledge;
  readonly #lost = new LostSequences();
  readonly #consumers: Uint8Array[] = [];
  #state: StreamStateJson | undefined;
  #begun = false;

  constructor(input: SalvageInput, mended: MendedArchive, knowledge: SalvageKnowledge) {
    this.#input = input;
    this.#mended = mended;
    this.#knowledge = knowledge;
  }

  *run(): Parsing<SalvageReport> {
    const { window } = this.#input;
    yield* this.#input.pass(natsarcMagic.length);
    for (;;) {
      const span = yield* this.#next();
      if (span === "end" && (yield* this.#isEnd(0))) break;
      const offset = window.consumedBytes;
      if (span === "cut") {
        // Where damage reaches to the end, that was said.
        const isNews = !this.#lost.isOpen || window.length > 0;
        if (isNews) this.#input.damage({ what: "the archive is cut off here", offset, bytes: window.length });
        this.#lost.damage();
        break;
      }
      if (typeof span !== "object" || this.#input.isSuspect(offset, span.bytes) || !this.#isNext(span)) {
        this.#lost.damage();
        yield* this.#passDamage(typeof span === "object" ? span : undefined);
        continue;
      }
      this.#take(span);
      window.consume(span.bytes);
    }
    return this.#end();
  }

  /** The entry that begins here, whatever is in it; undefined where none can. */
  *#next(at = 0): Parsing<EntrySpan | "end" | "cut" | undefined> {
    for (let wanted = at + 5; ; ) {
      const have = yield* this.#input.upTo(wanted);
      const span = spanAt(this.#input.window, at);
      if (span === undefined || span === "end") return span;
      const needed = span === "short" ? wanted + 50 : at + span.bytes;
      if (span !== "short" && needed <= have) return span;
      if (needed > maxHeldBytes) return undefined;
      if (have < wanted) return "cut";
      wanted = needed;
    }
  }

  #isNext({ sequence, name }: EntrySpan): boolean {
    if (sequence === 0) return this.#lost.last === 0 && (name === "state.json" || name.startsWith("consumers/"));
    return sequence > this.#lost.last;
  }

  /** Whether nothing follows the end marker. */
  *#isEnd(at: number): Parsing<boolean> {
    return (yield* this.#input.upTo(at + 6)) < at + 6;
  }

  /** Leaves what cannot be relied on behind: by the lengths in it, if those lead to entries, else to where some begin again. */
  *#passDamage(first: EntrySpan | undefined): Parsing {
    const { window } = this.#input;
    const offset = window.consumedBytes;
    const end = first && this.#isNext(first) ? yield* this.#behindSuspects(first) : undefined;
    if (end !== undefined) window.consume(end);
    else yield* this.#search();
    const bytes = window.consumedBytes - offset;
    this.#input.damage({ what: `what follows sequence ${this.#lost.last} cannot be read`, offset, bytes });
  }

  /** How far ahead entries begin that can be relied on, if the ones from here on tell. */
  *#behindSuspects(first: EntrySpan): Parsing<number | undefined> {
    const { consumedBytes } = this.#input.window;
    let at = first.bytes;
    while (this.#input.isSuspect(consumedBytes + at, 1)) {
      const span = yield* this.#next(at);
      if (typeof span !== "object") return undefined;
      at += span.bytes;
    }
    return (yield* this.#begins(at)) ? at : undefined;
  }

  /** Goes on to the next place where several entries in a row look right, or to the end. */
  *#search(): Parsing {
    const { window } = this.#input;
    do {
      window.consume(Math.min(1, window.length));
      if ((yield* this.#input.upTo(5)) < 5) return window.consume(window.length);
    } while (this.#input.isSuspect(window.consumedBytes, 1) || !(yield* this.#begins(0)));
  }

  *#begins(at: number): Parsing<boolean> {
    let [from, last] = [at, this.#lost.last];
    for (let count = 0; count < chain; count++) {
      const quick = spanAt(this.#input.window, from);
      if (quick === undefined || (typeof quick === "object" && !looksRight(quick, last, this.#lost.lastTime)))
        return false;
      const span = yield* this.#next(from);
      if (span === "end") return yield* this.#isEnd(from);
      if (span === "cut" || span === undefined) return count > 0 && span === "cut";
      if (!looksRight(span, last, this.#lost.lastTime)) return false;
      if (this.#input.isSuspect(this.#input.window.consumedBytes + from, span.bytes)) return count > 0;
      from += span.bytes;
      last = span.sequence;
    }
    return true;
  }

  #take(span: EntrySpan): void {
    const bytes = this.#input.window.slice(0, span.bytes);
    if (span.sequence > 0) {
      this.#begin();
      this.#lost.read(span.sequence, span.time, true);
      this.#mended.bytes(bytes);
      return;
    }
    const payload = bytes.slice(span.bytes - span.payloadBytes);
    try {
      if (span.name === "state.json") this.#state ??= decodeStateJson(payload);
      else {
        decodeConsumerJson(payload);
        this.#consumers.push(bytes.slice());
      }
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.#input.damage({ what: error.message, entry: span.name, offset: this.#input.window.consumedBytes });
    }
  }

  /** Writes what stands before the messages, once those begin. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { firstSequence = 1, lastSequence = 0 } = this.#knowledge;
    const empty = { messages: 0, bytes: 0, first_ts: never, last_ts: never, consumer_count: 0 };
    const state = this.#state ?? {
      ...empty,
      first_seq: Math.min(firstSequence, lastSequence + 1),
      last_seq: lastSequence,
    };
    const description = describeState({ ...state, consumer_count: this.#consumers.length });
    this.#mended.bytes(encodeNatsarcHead([description]));
    for (const consumer of this.#consumers) this.#mended.bytes(consumer);
  }

  #end(): SalvageReport {
    this.#begin();
    this.#mended.bytes(new ByteWriter().uvarint(0).varint(0n).uvarint(0).uvarint(0).uvarint(0).finish());
    this.#mended.end();
    const state = this.#state;
    const first = state?.first_seq ?? this.#knowledge.firstSequence;
    const last = state?.last_seq ?? this.#knowledge.lastSequence;
    const lost = this.#lost.lost({ first, last });
    const consumers = (state?.consumer_count ?? this.#consumers.length) - this.#consumers.length;
    const notes = consumers > 0 ? [`${consumers} consumers are left out: their descriptions cannot be read`] : [];
    return {
      format: "v2",
      damages: this.#input.damages,
      lost,
      lostIsExact: state !== undefined && lost.count + this.#lost.stored.count === state.messages,
      openEnd: this.#lost.isOpen && (last ?? 0) <= this.#lost.last,
      notes,
    };
  }
}

const day = 86_400_000_000_000n;

/** Whether an entry may be what follows a message: by its sequence, its time, its subject and its headers. */
function looksRight({ sequence, time, name, headersLookRight }: EntrySpan, last: number, lastTime: bigint): boolean {
  if (sequence === 0) return last === 0 && /^consumers\/[^/]+$/.test(name);
  return sequence > last && time > lastTime - day && headersLookRight && isSubject(name);
}

function isSubject(name: string): boolean {
  const tokens = name.split(".");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not in a subject
  return tokens.every((token) => token !== "" && !/[\s\x00-\x1f\x7f\ufffd]/.test(token));
}
