import { MalformedBytes } from "../byte-reader.ts";
import { EntryRows } from "../kernels/kernels.ts";
import { decodeEntryHead, type EntryHead, isSentinel, maxHeadBytes, natsarcMagic } from "../natsarc/entry-head.ts";
import { decodeConsumerJson, decodeStateJson } from "../natsarc/natsarc-json.ts";
import { need, type Parsing, skip } from "../parsing.ts";
import type { V2Sink } from "./archive-sink.ts";
import { maxConsumerJsonBytes, type WalkContext } from "./walk-context.ts";

/** The most bytes of `state.json`. */
const maxStateBytes = 1024 * 1024;

/**
 * Reads a v2 archive (`NATSARC1`) from its magic bytes to its sentinel. docs/formats/v2.md has the rules by number.
 * Throws ARCHIVE_DAMAGED.
 */
export function* walkV2(context: WalkContext, sink: V2Sink): Parsing {
  const { window } = context;
  yield* skip(window, natsarcMagic.length);
  context.entry = "state.json";
  const first = yield* nextHead(context);
  if (first.sequence !== 0) throw context.damaged("the archive begins with a message");
  if ((yield* nextName(context, first)) !== "state.json") throw context.damaged("the archive does not begin with it");
  const state = yield* context.description(bodyBytes(context, first), decodeStateJson, maxStateBytes);
  sink.state(state);
  for (let index = 0; index < state.consumer_count; index++) {
    context.entry = `consumer ${index + 1} of ${state.consumer_count}`;
    yield* walkConsumer(context, sink);
  }
  yield* walkMessages(context, sink);
}

function* walkConsumer(context: WalkContext, sink: V2Sink): Parsing {
  const head = yield* nextHead(context);
  if (head.sequence !== 0 || isSentinel(head)) throw context.damaged("it is missing");
  const name = yield* nextName(context, head);
  // Whatever its name: what no server takes is for whoever restores it to leave out.
  if (!/^consumers\/./s.test(name)) throw context.damaged("it is missing");
  context.entry = name;
  const { config, state } = yield* context.description(
    bodyBytes(context, head),
    decodeConsumerJson,
    maxConsumerJsonBytes,
  );
  sink.consumer({ name: name.slice("consumers/".length), config, ...(state === undefined ? {} : { state }) });
}

function* walkMessages(context: WalkContext, sink: V2Sink): Parsing {
  const { window } = context;
  const { kernels } = window;
  const rows = new EntryRows(kernels);
  let last = 0;
  context.entry = "the first message";
  for (;;) {
    const scan = kernels.scanEntries(window.start, window.end, rows);
    if (scan.count > 0) {
      last = checkAscending(context, rows, scan.count, last);
      const { start } = window;
      sink.messages({ kernels, rows, count: scan.count, start, offset: window.consumedBytes });
      window.consume(scan.next - start);
      context.entry = `the message after sequence ${last}`;
    }
    if (scan.stop === "full") continue;
    if (scan.stop === "closing") break;
    if (scan.stop === "bad-length") throw context.damaged("it has an impossible size or sequence");
    const needed = scan.stop === "incomplete" ? scan.need : 1;
    while (window.length < needed) yield;
  }
  context.entry = "the end marker";
  const head = yield* nextHead(context);
  if (!isSentinel(head)) throw context.damaged("an entry without a sequence stands in its place");
}

/** Returns the last sequence. */
function checkAscending(context: WalkContext, rows: EntryRows, count: number, before: number): number {
  const { sequence } = rows;
  let last = before;
  for (let row = 0; row < count; row++) {
    const next = sequence[row] as number;
    if (next <= last) throw context.damaged(`sequence ${next} comes after ${last}`);
    last = next;
  }
  return last;
}

function* nextHead(context: WalkContext): Parsing<EntryHead> {
  const { window } = context;
  for (let wanted = 5; ; wanted = window.length + 1) {
    yield* need(window, wanted);
    try {
      const head = decodeEntryHead(window.slice(0, Math.min(window.length, maxHeadBytes)));
      if (head === undefined) continue;
      window.consume(head.headBytes);
      return head;
    } catch (error) {
      if (error instanceof MalformedBytes) throw context.damaged(error.message, 0, error);
      throw error;
    }
  }
}

function* nextName(context: WalkContext, head: EntryHead): Parsing<string> {
  return yield* context.description(head.nameBytes, (bytes) => new TextDecoder().decode(bytes));
}

function bodyBytes(context: WalkContext, head: EntryHead): number {
  if (head.headerBytes > 0) throw context.damaged("a description with message headers");
  return head.payloadBytes;
}
