import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jsonLike, randomBytes, sampleBytes } from "../../testing/kernel-samples.ts";
import { decodeS2Block } from "../../testing/s2-reference.ts";
import { Kernels, slackBytes } from "../kernels/kernels.ts";

const kernels = Kernels.create();
const guardBytes = 256;
const largest = 300_000;
const source = kernels.allocate(largest + 1000);
const packedRoom = (size: number): number => size + Math.ceil(size / 6) + 96;
const guardBefore = kernels.allocate(guardBytes + packedRoom(largest) + slackBytes + guardBytes);
const area = guardBefore + guardBytes;
const guard = 0xd7;

/** Runs a kernel that may write [area, area + room + slack) and checks that the bytes around that are untouched. */
function guarded<T>(room: number, run: () => T): T {
  const after = area + room + slackBytes;
  kernels.bytes.fill(guard, guardBefore, after + guardBytes);
  const result = run();
  const untouched = (from: number): boolean =>
    kernels.bytes.subarray(from, from + guardBytes).every((byte) => byte === guard);
  assert.ok(untouched(guardBefore), "bytes before the destination were written");
  assert.ok(untouched(after), "bytes behind the destination and its slack were written");
  return result;
}

function decode(block: Uint8Array, size: number): Uint8Array | undefined {
  kernels.bytes.set(block, source);
  kernels.bytes.fill(0xff, source + block.length, source + block.length + slackBytes);
  const result = guarded(size, () => kernels.s2DecodeBlock(source, source + block.length, area, area + size));
  assert.ok(result <= 0);
  return result === 0 ? kernels.bytes.slice(area, area + size) : undefined;
}

/** The encoded block, or undefined where it is not worth it. */
function encode(bytes: Uint8Array): Uint8Array | undefined {
  kernels.bytes.set(bytes, source);
  kernels.bytes.fill(0xff, source + bytes.length, source + bytes.length + slackBytes);
  const size = guarded(packedRoom(bytes.length), () => kernels.s2EncodeBlock(source, source + bytes.length, area));
  return size === 0 ? undefined : kernels.bytes.slice(area, area + size);
}

function assertRoundTrip(bytes: Uint8Array, note?: string): void {
  const block = encode(bytes);
  if (block === undefined) return;
  assert.ok(block.length < bytes.length, note);
  const back = decode(block, bytes.length);
  assert.ok(back !== undefined && Buffer.compare(back, bytes) === 0, note);
}

/** One tag of a block, and what it needs to be legal. */
type Tag =
  | { kind: "literal"; bytes: Uint8Array; width: number }
  | { kind: "copy"; offset: number; length: number; form: number }
  | { kind: "repeat"; length: number };

const tags: fc.Arbitrary<Tag> = fc.oneof(
  fc.record({
    kind: fc.constant("literal" as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 150 }),
    width: fc.integer({ min: 0, max: 4 }),
  }),
  fc.record({
    kind: fc.constant("copy" as const),
    offset: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 })),
    length: fc.integer({ min: 1, max: 64 }),
    form: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("repeat" as const),
    length: fc.oneof(fc.integer({ min: 4, max: 400 }), fc.constantFrom(8, 9, 263, 264, 65_795, 65_796, 66_000)),
  }),
);

const little = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor(value / 256 ** index) % 256);

/** Writes tags as a block, leaving out what would be illegal where it stands; also the size they decode to. */
function assemble(list: readonly Tag[]): [block: Uint8Array, size: number] {
  const block: number[] = [];
  let size = 0;
  let last = 0;
  for (const tag of list) {
    if (tag.kind === "literal") {
      const width = tag.width === 0 && tag.bytes.length > 60 ? 1 : tag.width;
      if (width === 0) block.push((tag.bytes.length - 1) << 2);
      else block.push((59 + width) << 2, ...little(tag.bytes.length - 1, width));
      block.push(...tag.bytes);
      size += tag.bytes.length;
    } else if (tag.kind === "copy") {
      const offset = Math.min(tag.offset, size);
      if (offset === 0) continue;
      const form = tag.form === 1 && (offset > 2047 || tag.length < 4 || tag.length > 11) ? 2 : tag.form;
      if (form === 1) block.push(((offset >> 8) << 5) | ((tag.length - 4) << 2) | 1, offset & 255);
      else block.push(((tag.length - 1) << 2) | form, ...little(offset, form === 2 ? 2 : 4));
      last = offset;
      size += tag.length;
    } else {
      if (last === 0) continue;
      const extra = tag.length - 4;
      if (extra <= 4) block.push((extra << 2) | 1, 0);
      else if (extra < 260) block.push((5 << 2) | 1, 0, extra - 4);
      else if (extra < 65_792) block.push((6 << 2) | 1, 0, ...little(extra - 256, 2));
      else block.push((7 << 2) | 1, 0, ...little(extra - 65_536, 3));
      size += tag.length;
    }
  }
  return [Uint8Array.from(block), size];
}

describe("S2-8: a block", () => {
  it("decodes as the plain reference does, for any run of legal tags in any form", () => {
    fc.assert(
      fc.property(fc.array(tags, { maxLength: 25 }), (list) => {
        const [block, size] = assemble(list);
        fc.pre(size <= largest);
        const expected = decodeS2Block(block, size);
        assert.ok(expected !== undefined, "the reference refuses");
        assert.deepEqual(decode(block, size), expected);
      }),
      { numRuns: 500 },
    );
  });

  it("copies every length from every offset, overlapping itself or not", () => {
    for (let offset = 1; offset <= 70; offset++) {
      for (let length = 1; length <= 64; length++) {
        const head = randomBytes(offset, offset);
        const [block, size] = assemble([
          { kind: "literal", bytes: head, width: 0 },
          { kind: "copy", offset, length, form: 2 },
        ]);
        const expected = Uint8Array.from({ length: size }, (_, index) => head[index % offset] as number);
        assert.deepEqual(decode(block, size), expected, `offset ${offset}, length ${length}`);
      }
    }
  });

  it("is refused when it decodes to more or fewer bytes than stated", () => {
    const [block, size] = assemble([
      { kind: "literal", bytes: randomBytes(100, 1), width: 1 },
      { kind: "copy", offset: 5, length: 30, form: 1 },
    ]);
    assert.notEqual(decode(block, size), undefined);
    for (let stated = 0; stated < size + 200; stated++) {
      if (stated !== size) assert.equal(decode(block, stated), undefined, `stated ${stated}`);
    }
    assert.deepEqual(decode(new Uint8Array(0), 0), new Uint8Array(0));
  });

  describe("is refused", () => {
    const literal = [3 << 2, 1, 2, 3, 4];
    const cases: [name: string, block: number[]][] = [
      ["with a copy before the first byte", [...literal, (3 << 2) | 2, 5, 0]],
      ["with a copy from offset 0", [...literal, (3 << 2) | 2, 0, 0]],
      ["with a copy from offset 0 in 32 bits", [...literal, (3 << 2) | 3, 0, 0, 0, 0]],
      ["with a copy from the largest offset", [...literal, (3 << 2) | 3, 255, 255, 255, 255]],
      ["with a repeat before any copy", [...literal, 1, 0]],
      ["with a literal that runs over its end", [7 << 2, 1, 2, 3, 4]],
      ["with a literal of 4 GiB", [63 << 2, 255, 255, 255, 255, 1, 2, 3]],
      ["with a literal of 4 GiB less one", [63 << 2, 254, 255, 255, 255, 1, 2, 3]],
    ];
    for (const [name, block] of cases) {
      it(name, () => {
        for (const size of [4, 8, 60]) assert.equal(decode(Uint8Array.from(block), size), undefined);
      });
    }
  });

  it("is refused wherever it is cut off", () => {
    const bytes = sampleBytes({ kind: "text", length: 3000, seed: 9 });
    const block = encode(bytes) as Uint8Array;
    for (let cut = 0; cut < block.length; cut++)
      assert.equal(decode(block.subarray(0, cut), bytes.length), undefined, `cut at ${cut}`);
  });

  it("with damage anywhere is decoded as the reference does or refused as the reference does", () => {
    const blocks = [
      ["text", 1500],
      ["periods", 1500],
    ].map(
      ([kind, length]) =>
        encode(sampleBytes({ kind, length, seed: 4 } as Parameters<typeof sampleBytes>[0])) as Uint8Array,
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...blocks),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (block, damages) => {
          const damaged = block.slice();
          for (const [at, value] of damages) damaged[at % damaged.length] = value;
          assert.deepEqual(decode(damaged, 1500), decodeS2Block(damaged, 1500));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("of any bytes is decoded as the reference does or refused as the reference does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(200), (block, size) => {
        assert.deepEqual(decode(block, size), decodeS2Block(block, size));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("encoding a block", () => {
  it("gives what decodes to the same bytes, for random, repetitive and mixed ones", () => {
    const runs = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(runs, (list) => {
        const bytes = Buffer.concat(list.map(([pattern, count]) => Buffer.alloc(count, pattern)));
        assertRoundTrip(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("does so for every kind of sample at every size up to 200, and some larger", () => {
    for (const kind of ["text", "random", "zeros", "periods"] as const) {
      const sample = sampleBytes({ kind, length: largest, seed: 5 });
      for (let size = 0; size < 200; size++) assertRoundTrip(sample.subarray(0, size), `${kind} ${size}`);
      for (const size of [
        255,
        256,
        257,
        4096,
        8191,
        8192,
        8193,
        32_767,
        32_768,
        32_769,
        65_535,
        65_536,
        65_537,
        200_000,
        largest,
      ]) {
        assertRoundTrip(sample.subarray(0, size), `${kind} ${size}`);
      }
    }
    assertRoundTrip(jsonLike(largest, 6), "json");
  });

  it("does so for matches of every length at near and far offsets", () => {
    for (const gap of [100, 2040, 2050, 65_500, 65_540, 100_000]) {
      for (let length = 4; length <= 140; length++) {
        const bytes = new Uint8Array(gap + 2 * length + 100);
        const piece = randomBytes(length, length);
        bytes.set(piece, 10);
        bytes.set(piece, 10 + length + gap);
        bytes.set(randomBytes(40, gap), 10 + 2 * length + gap);
        assertRoundTrip(bytes, `gap ${gap}, length ${length}`);
      }
    }
  });

  it("is not worth it for random bytes and for very few", () => {
    assert.equal(encode(randomBytes(10_000, 7)), undefined);
    assert.equal(encode(new Uint8Array(20)), undefined);
    assert.equal(encode(new Uint8Array(0)), undefined);
  });

  it("makes text at least as small as it should: 2 times on words, 50 times on zeros", () => {
    assert.ok((encode(sampleBytes({ kind: "text", length: 100_000, seed: 8 })) as Uint8Array).length < 50_000);
    assert.ok((encode(new Uint8Array(100_000)) as Uint8Array).length < 50);
  });
});
