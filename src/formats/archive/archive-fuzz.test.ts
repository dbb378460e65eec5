import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { join, packS2, unpackS2 } from "../../testing/test-archive.ts";
import { Kernels } from "../kernels/kernels.ts";
import { ArchiveInspector } from "./archive-inspector.ts";

/** A change to bytes: some are overwritten, left out, or put in again from elsewhere. */
interface Change {
  readonly kind: "overwrite" | "remove" | "repeat";
  /** Fractions of the length. */
  readonly at: number;
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("overwrite", "remove", "repeat"),
  // Not fc.double, which is nearly always close to 0.
  at: fc.nat(1_000_000).map((at) => at / 1_000_001),
  from: fc.nat(1_000_000).map((at) => at / 1_000_001),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 10 }),
    fc.constantFrom(new Uint8Array(8).fill(0xff), new Uint8Array(16), Uint8Array.of(0xff, 0xff, 0xff, 0x7f)),
  ),
  length: fc.integer({ min: 1, max: 2000 }),
});

function apply(bytes: Uint8Array, { kind, at, from, bytes: piece, length }: Change): Uint8Array {
  const offset = Math.floor(at * bytes.length);
  const rest = bytes.subarray(offset);
  if (kind === "overwrite") return join([bytes.subarray(0, offset), piece, rest.subarray(piece.length)]);
  if (kind === "remove") return join([bytes.subarray(0, offset), rest.subarray(length)]);
  const source = Math.floor(from * bytes.length);
  return join([bytes.subarray(0, offset), bytes.subarray(source, source + length), rest]);
}

/** One memory for all: what one archive left in it must not matter to the next. */
const kernels = Kernels.create();

/** The only ways in which reading may end: a report that adds up, or a statement that the archive is damaged. */
function survives(archive: Uint8Array, piece: number): void {
  kernels.reset();
  const inspector = new ArchiveInspector({ expiredBefore: 5n, now: 10n }, kernels);
  try {
    for (let at = 0; at < archive.length; at += piece) inspector.push(archive.subarray(at, at + piece));
    const { live, records, consumers } = inspector.end();
    assert.equal(live.ranges.count, live.messages);
    assert.ok(records.total >= live.messages);
    assert.ok(consumers.every(({ name }) => name !== ""));
  } catch (error) {
    if (!isRelightError(error, "ARCHIVE_DAMAGED") && !isRelightError(error, "SNAPSHOT_INCOMPLETE")) throw error;
  }
}

const samples = [
  archiveFixture("2.9.25", "CONSUMED"),
  archiveFixture("2.10.18", "KV_BUCKET"),
  archiveFixture("2.14.6", "CONSUMED"),
  archiveFixture("2.15.1", "CONSUMED"),
].map(({ archive }) => ({ archive, decoded: unpackS2(archive) }));

const sample = fc.constantFrom(...samples);
/** `npm run test:fuzz` sets how many inputs there are; `npm test` takes what a short time allows. */
const runs = Number(process.env.RELIGHT_FUZZ ?? 0);
const limits = (ms: number): fc.Parameters<unknown> =>
  runs > 0 ? { numRuns: runs } : { numRuns: 5_000, interruptAfterTimeLimit: ms };

describe("archives with arbitrary damage", () => {
  it("V1-63 V2-64 end in a report or in damage when their decoded bytes were changed", () => {
    fc.assert(
      fc.property(sample, fc.array(change, { minLength: 1, maxLength: 4 }), ({ decoded }, changes) => {
        survives(packS2(changes.reduce(apply, decoded), { compress: false }), 100_000);
      }),
      limits(1_400),
    );
  });

  it("V1-63 V2-64 end in a report or in damage when their compressed bytes were changed", () => {
    fc.assert(
      fc.property(
        sample,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 50, max: 5000 }),
        (one, changes, piece) => {
          survives(changes.reduce(apply, one.archive), piece);
        },
      ),
      limits(1_400),
    );
  });

  it("V1-63 V2-64 end in damage when they are anything at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        survives(packS2(bytes, { compress: false }), 1000);
        survives(packS2(join([new TextEncoder().encode("NATSARC1"), bytes]), { compress: false }), 1000);
        survives(bytes, 1000);
      }),
      limits(700),
    );
  });
});
