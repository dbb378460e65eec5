import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { specs } from "../../testing/edit-samples.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { uvarint } from "../../testing/index-db-writer.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { readMessages } from "../../testing/read-messages.ts";
import { join, packS2, unpackS2 } from "../../testing/test-archive.ts";
import { Kernels } from "../kernels/kernels.ts";
import { type EditSpec, runEdit } from "./run-edit.ts";

/** A change to bytes: some are overwritten, left out, put in again from elsewhere, or everything behind them is. */
interface Change {
  readonly kind: "overwrite" | "flip" | "remove" | "repeat" | "insert" | "cut";
  /** Fractions of the length. */
  readonly at: number;
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Lengths that an attacker would choose, as varints and as fixed numbers. */
const lengths = [
  ...[0, 65_535, 65_536, 1024 * 1024, 32 * 1024 * 1024, 64 * 1024 * 1024, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 53 - 1].map(
    uvarint,
  ),
  uvarint(2n ** 64n - 1n),
  [0xff, 0xff, 0xff, 0x7f],
  new Array<number>(8).fill(0xff),
  new Array<number>(16).fill(0),
].map((bytes) => Uint8Array.from(bytes));

/** Evenly spread: as doubles, nearly all would be almost zero. */
const fraction = fc.nat(1_000_000).map((part) => part / 1_000_001);

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("overwrite", "overwrite", "flip", "flip", "remove", "repeat", "insert", "cut"),
  at: fraction,
  from: fraction,
  bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 10 }), fc.constantFrom(...lengths)),
  length: fc.integer({ min: 1, max: 2000 }),
});

function apply(bytes: Uint8Array, { kind, at, from, bytes: piece, length }: Change): Uint8Array {
  const offset = Math.floor(at * bytes.length);
  const [front, rest] = [bytes.subarray(0, offset), bytes.subarray(offset)];
  if (kind === "overwrite") return join([front, piece, rest.subarray(piece.length)]);
  if (kind === "flip") return bytes.map((byte, index) => (index === offset ? byte ^ (1 << (length & 7)) : byte));
  if (kind === "remove") return join([front, rest.subarray(length)]);
  if (kind === "insert") return join([front, piece, rest]);
  if (kind === "cut") return front;
  const source = Math.floor(from * bytes.length);
  return join([front, bytes.subarray(source, source + length), rest]);
}

const samples = [
  archiveFixture("2.9.25", "CONSUMED"),
  archiveFixture("2.10.18", "KV_BUCKET"),
  archiveFixture("2.14.6", "CONSUMED"),
  archiveFixture("2.15.1", "CONSUMED"),
  archiveFixture("2.15.1", "KV_BUCKET"),
].map(({ archive }) => ({ archive, decoded: unpackS2(archive) }));

/** The codes of what may be wrong with bytes that a person hands in. USAGE: a message that no v1 archive can hold. */
const codes = ["ARCHIVE_DAMAGED", "SNAPSHOT_INCOMPLETE", "BACKUP_INVALID", "USAGE"] as const;
/** Of one memory for all edits: a window, and the writers' buffers; nothing that a length in the archive asks for. */
const maxMemory = 32 * 1024 * 1024;
const kernels = Kernels.create();

const format = fc.constantFrom("v1" as const, "v2" as const);

/** The only ways in which an edit may end: a result that can be read and is as large as it says, or a refusal. */
function survives(archive: Uint8Array, spec: EditSpec, to: "v1" | "v2", pieceBytes: number): void {
  const pieces: Uint8Array[] = [];
  try {
    const { report, head } = runEdit({
      read: (take) => {
        for (let at = 0; at < archive.length; at += pieceBytes) {
          if (take(archive.subarray(at, at + pieceBytes)) === false) return;
        }
      },
      target: { format: to, config: { name: "S" }, created: "2026-01-02T03:04:05Z", compress: false },
      output: { write: (piece) => pieces.push(piece.slice()) },
      kernels: () => {
        kernels.reset();
        return kernels;
      },
      spec,
    });
    const result = Buffer.concat(pieces);
    if (head) result.set(head, 0);
    assert.ok(report.messages <= report.sourceMessages);
    // A consumer that comes twice is taken over as it is.
    if (new Set(report.consumers).size < report.consumers.length) return;
    assert.equal(readMessages(result).length, report.messages);
  } catch (error) {
    if (!codes.some((code) => isRelightError(error, code))) throw error;
  } finally {
    assert.ok(kernels.memoryBytes <= maxMemory, `${kernels.memoryBytes} bytes`);
  }
}

const sample = fc.constantFrom(...samples);
const changes = fc.array(change, { minLength: 1, maxLength: 3 });
/** `npm run test:fuzz` sets how many inputs there are; `npm test` takes what a short time allows. */
const runs = Number(process.env.RELIGHT_FUZZ ?? 0);
const limits = (ms: number): fc.Parameters<unknown> =>
  runs > 0 ? { numRuns: runs } : { numRuns: 5_000, interruptAfterTimeLimit: ms };

describe("an edit of an archive with arbitrary damage", () => {
  it("ends in a result or in a refusal when the decoded bytes were changed", () => {
    fc.assert(
      fc.property(sample, changes, specs, format, ({ decoded }, list, spec, to) => {
        survives(packS2(list.reduce(apply, decoded), { compress: false }), spec, to, 100_000);
      }),
      limits(1_400),
    );
  });

  it("ends in a result or in a refusal when what it says contradicts itself", () => {
    const odd = fc.constantFrom(2 ** 31, 2 ** 53 - 1, 2 ** 53, -1, 0.5, "7", null);
    const number = fc.oneof({ weight: 60, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: odd });
    const pair = fc.record({ consumer_seq: number, stream_seq: number });
    const acks = fc.dictionary(
      fc.oneof({ weight: 60, arbitrary: fc.nat(12).map(String) }, { weight: 1, arbitrary: fc.string() }),
      fc.record({ Sequence: number, Timestamp: number }),
    );
    const again = fc.dictionary(fc.nat(12).map(String), number);
    const state = fc.record(
      { delivered: pair, ack_floor: pair, pending: acks, redelivered: again },
      { requiredKeys: [] },
    );
    const filter = fc.constantFrom(null, 7, "", "a.*", "..", ["a.b", ">"]);
    const config = fc.record({ filter_subject: filter, filter_subjects: filter }, { requiredKeys: [] });
    const consumers = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 120 }).map((text) => text.replaceAll("/", "-")),
      fc.record({ config, state }),
      { maxKeys: 2 },
    );
    const name = fc.oneof(
      fc.constantFrom("a.b", "a.c", "$KV.k.x", "", "..", "\ufeffa", "x".repeat(65_535), "y".repeat(65_536)),
      fc.string({ unit: fc.constantFrom("a", ".", "\0", "\n", " ", "*", "é", "😀"), maxLength: 5 }),
    );
    const message = fc.record({
      name,
      sequence: fc.integer({ min: 1, max: 3 }),
      time: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      headers: fc.oneof(
        fc.constantFrom("", "NATS/1.0\r\n\r\n", "NATS/1.0\r\nNats-TTL: 1\r\n\r\n"),
        fc.string({ maxLength: 9 }),
      ),
      payload: fc.uint8Array({ maxLength: 9 }),
    });
    const positions = fc.record({ first_seq: number, last_seq: number, messages: number }, { requiredKeys: [] });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        consumers,
        positions,
        specs,
        format,
        (list, some, says, spec, to) => {
          let sequence = 0;
          const messages = list.map((one) => {
            sequence += one.sequence;
            return { ...one, sequence };
          });
          survives(
            packS2(archiveV2({ state: says, messages, consumers: some }), { compress: false }),
            spec,
            to,
            100_000,
          );
        },
      ),
      limits(1_400),
    );
  });

  it("ends in a result or in a refusal when the compressed bytes were changed", () => {
    fc.assert(
      fc.property(sample, changes, specs, format, fc.integer({ min: 50, max: 5000 }), (one, list, spec, to, piece) => {
        survives(list.reduce(apply, one.archive), spec, to, piece);
      }),
      limits(800),
    );
  });

  it("ends in a result or in a refusal when the archive is anything at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), specs, format, (bytes, spec, to) => {
        survives(packS2(bytes, { compress: false }), spec, to, 1000);
        survives(packS2(join([new TextEncoder().encode("NATSARC1"), bytes]), { compress: false }), spec, to, 1000);
        survives(bytes, spec, to, 1000);
      }),
      limits(600),
    );
  });
});
