import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { randomBytes, type SampleReference, sampleBytes } from "../../testing/kernel-samples.ts";
import { Kernels } from "../kernels/kernels.ts";
import { Window } from "../window.ts";
import { S2Decoder } from "./s2-decoder.ts";
import { S2Encoder } from "./s2-encoder.ts";
import { identifierChunk, maskCrc, maxBlockBytes } from "./s2-frames.ts";

interface Decoded {
  readonly bytes: Buffer;
  readonly skippedChunks: number;
  readonly encodedBytes: number;
}

/** Decodes a whole stream that comes in pieces of these sizes, in turn. */
function decode(
  stream: Uint8Array,
  pieces: readonly number[] = [Number.POSITIVE_INFINITY],
  window = new Window(Kernels.create(), 1024),
): Decoded {
  const decoder = new S2Decoder(window);
  const parts: Uint8Array[] = [];
  for (let at = 0, index = 0; at < stream.length; index++) {
    const size = pieces[index % pieces.length] as number;
    let piece = stream.subarray(at, at + size);
    at += piece.length;
    while (piece.length > 0) {
      const taken = decoder.push(piece);
      assert.ok(taken > 0 && taken <= piece.length);
      piece = piece.subarray(taken);
      parts.push(window.slice(0, window.length).slice());
      window.consume(window.length);
    }
  }
  decoder.end();
  return { bytes: Buffer.concat(parts), skippedChunks: decoder.skippedChunks, encodedBytes: decoder.encodedBytes };
}

function assertRefused(stream: Uint8Array, message: RegExp, offset?: number): void {
  assert.throws(
    () => decode(stream),
    (error) => {
      assert.ok(isRelightError(error, "ARCHIVE_DAMAGED"), String(error));
      assert.match(error.message, message);
      if (offset !== undefined) assert.equal(error.context.encodedOffset, offset);
      return true;
    },
  );
}

function chunk(type: number, body: Uint8Array | readonly number[]): Buffer {
  return Buffer.from([type, body.length & 255, (body.length >> 8) & 255, body.length >> 16, ...body]);
}

function crcOf(bytes: Uint8Array): number[] {
  const kernels = Kernels.create();
  const at = kernels.allocate(bytes.length);
  kernels.bytes.set(bytes, at);
  const crc = maskCrc(kernels.crc32c(at, bytes.length));
  return [crc & 255, (crc >> 8) & 255, (crc >> 16) & 255, crc >>> 24];
}

const stored = (bytes: Uint8Array): Buffer => chunk(0x01, [...crcOf(bytes), ...bytes]);
const identifier = identifierChunk();
const snappyIdentifier = chunk(0xff, Buffer.from("sNaPpY"));
const encodeBlocks = (bytes: Uint8Array, blockSize: number): Buffer => {
  const encoder = new S2Encoder(undefined, { blockSize });
  return Buffer.concat([...encoder.push(bytes), ...encoder.end()]);
};
/** Two compressed blocks, a stored one, and a second identifier between them. */
const small = Buffer.concat([
  encodeBlocks(sampleBytes({ kind: "text", length: 600, seed: 1 }), 300),
  identifier,
  stored(randomBytes(20, 2)),
]);
const smallBytes = Buffer.concat([sampleBytes({ kind: "text", length: 600, seed: 1 }), randomBytes(20, 2)]);
const smallEnds = ((): number[] => {
  const ends: number[] = [];
  for (let at = 0; at < small.length; ) {
    at += 4 + small.readUIntLE(at + 1, 3);
    ends.push(at);
  }
  return ends;
})();

describe("S2Decoder", () => {
  describe("reads what klauspost/compress wrote", () => {
    interface Vector {
      readonly name: string;
      readonly data: readonly SampleReference[];
      readonly base64: string;
    }
    const vectors: Vector[] = JSON.parse(readFileSync(new URL("./testdata/streams.json", import.meta.url), "utf8"));
    for (const { name, data, base64 } of vectors) {
      it(name, () => {
        const { bytes, skippedChunks } = decode(Buffer.from(base64, "base64"));
        assert.equal(Buffer.compare(bytes, Buffer.concat(data.map(sampleBytes))), 0);
        assert.equal(skippedChunks, name === "padded" || name === "indexed" ? 1 : 0);
      });
    }
  });

  it("S2-1: refuses what does not begin with a stream identifier, and no input at all", () => {
    assertRefused(new Uint8Array(0), /empty/, 0);
    assertRefused(stored(randomBytes(10, 1)), /no S2 stream begins here/, 0);
    assertRefused(Buffer.concat([chunk(0xfe, [0, 0]), identifier]), /no S2 stream begins here/, 0);
    assertRefused(Buffer.from("NATSARC1 and more"), /no S2 stream begins here/, 0);
    for (const text of ["S2sTwo", "snappy", "S2sTw", "S2sTwO.", ""])
      assertRefused(chunk(0xff, Buffer.from(text)), /unknown stream identifier/, 0);
  });

  it("S2-2: takes concatenated streams for one, of S2 and Snappy alike", () => {
    const [one, two] = [randomBytes(50, 1), randomBytes(60, 2)];
    const stream = Buffer.concat([snappyIdentifier, stored(one), identifier, identifier, stored(two)]);
    assert.deepEqual(decode(stream).bytes, Buffer.concat([one, two]));
    assert.equal(decode(identifier).bytes.length, 0);
    assertRefused(Buffer.concat([identifier, chunk(0xff, Buffer.from("S2sTwX"))]), /unknown stream identifier/, 10);
  });

  it("S2-3: refuses a block whose CRC is wrong, names where it begins, and shows nothing of it", () => {
    const [good, bad] = [randomBytes(50, 1), randomBytes(60, 2)];
    const damagedStored = stored(bad);
    damagedStored[4] = (damagedStored[4] as number) ^ 1;
    const damagedBlock = encodeBlocks(new Uint8Array(5000), 5000).subarray(10);
    damagedBlock[4] = (damagedBlock[4] as number) ^ 1;
    for (const damaged of [damagedStored, damagedBlock]) {
      const begin = Buffer.concat([identifier, stored(good)]);
      const stream = Buffer.concat([begin, damaged, stored(good)]);
      assertRefused(stream, new RegExp(`checksum of a block is wrong, at offset ${begin.length} of`), begin.length);
      const window = new Window(Kernels.create());
      const decoder = new S2Decoder(window);
      assert.throws(() => {
        for (let rest: Uint8Array = stream; ; ) rest = rest.subarray(decoder.push(rest));
      });
      assert.deepEqual(window.slice(0, window.length), good);
    }
  });

  it("S2-4: takes a block of 4 MiB and refuses a larger one without taking memory for it", () => {
    const zeros = new Uint8Array(maxBlockBytes);
    assert.equal(decode(encodeBlocks(zeros, maxBlockBytes)).bytes.length, maxBlockBytes);
    const random = randomBytes(maxBlockBytes, 3);
    const whole = encodeBlocks(random, maxBlockBytes);
    assert.equal(Buffer.compare(decode(whole).bytes, random), 0);

    const uvarint = (size: number): number[] => [
      (size & 127) | 128,
      ((size >>> 7) & 127) | 128,
      ((size >>> 14) & 127) | 128,
      ((size >>> 21) & 127) | 128,
      size >>> 28,
    ];
    const kernels = Kernels.create();
    const window = new Window(kernels, 1024);
    const decoder = new S2Decoder(window);
    decoder.push(identifier);
    const before = kernels.bytes.length;
    assert.throws(
      () => decoder.push(chunk(0x00, [0, 0, 0, 0, ...uvarint(maxBlockBytes + 1), 0])),
      /a block of 4194305 bytes/,
    );
    assert.equal(kernels.bytes.length, before);
    for (const size of [maxBlockBytes + 1, 2 ** 31, 2 ** 32 - 1]) {
      assertRefused(
        Buffer.concat([identifier, chunk(0x00, [0, 0, 0, 0, ...uvarint(size), 0])]),
        new RegExp(`a block of ${size} bytes`),
        10,
      );
    }
    assertRefused(
      Buffer.concat([identifier, chunk(0x00, [0, 0, 0, 0, 128, 128, 128, 128, 128, 1])]),
      /a block without a size/,
      10,
    );
    assertRefused(Buffer.concat([identifier, chunk(0x00, [0, 0, 0, 0])]), /a block without a size/, 10);
    // A head alone is enough to refuse a chunk that no block can take, or a stored one that is too large.
    assertRefused(Buffer.concat([identifier, Buffer.from([0x00, 255, 255, 255])]), /a chunk of 16777215 bytes/, 10);
    const tooLarge = Buffer.concat([identifier, Buffer.from([0x01, 5, 0, 0x40]), Buffer.alloc(maxBlockBytes + 5)]);
    assertRefused(tooLarge, /a block of 4194305 bytes/, 10);
  });

  it("S2-5: refuses chunks of the types 0x02 to 0x7f, and blocks too short for their CRC", () => {
    for (let type = 0x02; type <= 0x7f; type++) {
      assertRefused(
        Buffer.concat([identifier, chunk(type, [1, 2, 3, 4, 5])]),
        new RegExp(`unknown type 0x${type.toString(16).padStart(2, "0")}`),
        10,
      );
    }
    for (const type of [0x00, 0x01]) {
      for (let length = 0; length < 4; length++)
        assertRefused(Buffer.concat([identifier, chunk(type, new Uint8Array(length))]), /too short/, 10);
    }
  });

  it("S2-6: passes over chunks of the types 0x80 to 0xfe at any length, in any pieces, and counts them", () => {
    const content = randomBytes(30, 1);
    const stream = [identifier];
    for (let type = 0x80; type <= 0xfe; type++) stream.push(chunk(type, new Uint8Array((type - 0x80) % 7)));
    stream.push(stored(content));
    for (const pieces of [[Number.POSITIVE_INFINITY], [1], [3, 5]]) {
      const decoded = decode(Buffer.concat(stream), pieces);
      assert.deepEqual(decoded.bytes, Buffer.from(content));
      assert.equal(decoded.skippedChunks, 0xfe - 0x80 + 1);
    }
    const longest = Buffer.concat([
      identifier,
      Buffer.from([0xfe, 255, 255, 255]),
      Buffer.alloc(0xff_ffff),
      stored(content),
    ]);
    assert.deepEqual(decode(longest, [1_000_000]).bytes, Buffer.from(content));
  });

  it("S2-7: refuses every cut within a chunk at the end of the input, and cannot see one between chunks", () => {
    for (let cut = 0; cut <= small.length; cut++) {
      const stream = small.subarray(0, cut);
      if (smallEnds.includes(cut)) {
        const { bytes } = decode(stream);
        assert.deepEqual(bytes, smallBytes.subarray(0, bytes.length));
      } else {
        assertRefused(stream, cut === 0 ? /empty/ : /cut off/);
      }
    }
    const skipped = Buffer.concat([identifier, chunk(0xfe, [1, 2, 3])]);
    for (const cut of [11, 13, 14, 16]) assertRefused(skipped.subarray(0, cut), /cut off/, 10);
  });

  it("S2-9: gives the same bytes however the input is cut into pieces", () => {
    for (let size = 1; size <= small.length; size++) {
      const { bytes, encodedBytes } = decode(small, [size]);
      assert.equal(Buffer.compare(bytes, smallBytes), 0, `pieces of ${size}`);
      assert.equal(encodedBytes, small.length);
    }
    for (let cut = 1; cut < small.length; cut++) {
      assert.equal(Buffer.compare(decode(small, [cut, small.length]).bytes, smallBytes), 0, `cut at ${cut}`);
    }
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
        (bytes, blockSize, pieces) => {
          assert.equal(Buffer.compare(decode(encodeBlocks(bytes, blockSize), pieces).bytes, bytes), 0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("S2-9: decodes one chunk a call, and takes no input when there is none", () => {
    const window = new Window(Kernels.create());
    const decoder = new S2Decoder(window);
    assert.equal(decoder.push(new Uint8Array(0)), 0);
    const lengths: number[] = [];
    for (let rest: Uint8Array = small; rest.length > 0; ) {
      rest = rest.subarray(decoder.push(rest));
      lengths.push(window.length);
      assert.equal(decoder.encodedBytes, small.length - rest.length);
    }
    assert.deepEqual(lengths, [0, 300, 600, 600, 620]);
  });

  it("S2-10: refuses every flipped bit, or gives the same bytes, or counts a chunk that it passed over", () => {
    const outcomes = { refused: 0, same: 0, passedOver: 0 };
    const kernels = Kernels.create();
    for (let bit = 0; bit < small.length * 8; bit++) {
      const damaged = Uint8Array.from(small);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        const { bytes, skippedChunks } = decode(damaged, undefined, new Window(kernels, 1024));
        if (Buffer.compare(bytes, smallBytes) === 0) outcomes.same++;
        else if (skippedChunks > 0) outcomes.passedOver++;
        else assert.fail(`bit ${bit} changed the bytes`);
      } catch (error) {
        if (!isRelightError(error, "ARCHIVE_DAMAGED")) throw error;
        outcomes.refused++;
      }
    }
    // Bit 7 of the types of three blocks makes them passed over; the second identifier may turn into padding unnoticed.
    assert.equal(outcomes.passedOver, 3);
    assert.ok(outcomes.same <= 8 && outcomes.refused > small.length * 8 - 20, JSON.stringify(outcomes));
  });

  it("refuses or decodes any bytes, and fails in no other way", () => {
    const heads = fc
      .tuple(fc.constantFrom(0, 1, 0xff, 0xfe, 2), fc.nat(40), fc.uint8Array({ maxLength: 60 }))
      .map(([type, length, rest]) => Uint8Array.of(type, length, 0, 0, ...rest));
    const window = new Window(Kernels.create(), 1024);
    fc.assert(
      fc.property(heads, (bytes) => {
        try {
          decode(Buffer.concat([identifier, bytes]), [7], window);
        } catch (error) {
          assert.ok(isRelightError(error, "ARCHIVE_DAMAGED"), String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("S2-11: takes blocks over 64 KiB in a stream that calls itself Snappy", () => {
    const bytes = randomBytes(100_000, 1);
    assert.equal(Buffer.compare(decode(Buffer.concat([snappyIdentifier, stored(bytes)])).bytes, bytes), 0);
  });
});
