import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deletedMap, u64, uvarint, varint } from "../../testing/index-db-writer.ts";
import { MalformedBytes } from "../byte-reader.ts";
import { decodeBlockIndex } from "./block-index.ts";

interface Fields {
  readonly version?: number;
  readonly messages: number;
  readonly first: number;
  readonly last: number;
  readonly deleted?: number;
  readonly rest?: readonly number[];
}

function idx({ version = 1, messages, first, last, deleted = 0, rest = [] }: Fields): Uint8Array {
  return Uint8Array.from([
    ...[22, version],
    ...[...uvarint(messages), ...uvarint(messages * 50), ...uvarint(first), ...varint(-5n)],
    ...[...uvarint(last), ...varint(1_700_000_000_000_000_000n), ...uvarint(deleted), ...u64(77n)],
    ...rest,
  ]);
}

const malformed = (bytes: Uint8Array): void => assert.throws(() => decodeBlockIndex(bytes), MalformedBytes);

describe("decoding N.idx", () => {
  it("V1-40 gives a block's bounds, and its live messages by the distances of the deletes, in any order", () => {
    const rest = [300, 1, 2].flatMap((distance) => uvarint(distance));
    const index = decodeBlockIndex(idx({ messages: 398, first: 1000, last: 1400, deleted: 3, rest }));
    assert.deepEqual(
      [...index.live],
      [
        [1000, 1000],
        [1003, 1299],
        [1301, 1400],
      ],
    );
    assert.deepEqual([index.firstTime, index.lastTime, index.lastChecksum], [-5n, 1_700_000_000_000_000_000n, 77n]);
    assert.deepEqual([index.messages, index.bytes], [398, 19_900]);
  });

  it("V1-40 takes fewer deletes than were counted, when those that lack lay before the first sequence", () => {
    const index = decodeBlockIndex(idx({ messages: 10, first: 5, last: 15, deleted: 4, rest: uvarint(3) }));
    assert.deepEqual(
      [...index.live],
      [
        [5, 7],
        [9, 15],
      ],
    );
  });

  it("V1-40 ignores what an older, longer index left behind when there are no deletes", () => {
    assert.equal(decodeBlockIndex(idx({ messages: 3, first: 1, last: 3, rest: [9, 9, 9] })).live.count, 3);
  });

  it("V1-40 knows empty blocks", () => {
    assert.equal(decodeBlockIndex(idx({ messages: 0, first: 778, last: 777 })).live.count, 0);
    assert.equal(decodeBlockIndex(idx({ messages: 0, first: 0, last: 0 })).live.count, 0);
  });

  it("reads the map of deletes of version 2", () => {
    const index = decodeBlockIndex(
      idx({ version: 2, messages: 8, first: 1, last: 10, deleted: 2, rest: deletedMap([3, 4]) }),
    );
    assert.deepEqual(
      [...index.live],
      [
        [1, 2],
        [5, 10],
      ],
    );
  });

  it("V1-41 refuses counts that do not agree, which no checksum would show", () => {
    malformed(idx({ messages: 4, first: 1, last: 3 }));
    malformed(idx({ messages: 2, first: 1, last: 3 }));
    malformed(idx({ messages: 8, first: 1, last: 10, deleted: 2, rest: [...uvarint(2), ...uvarint(2)] }));
    malformed(idx({ messages: 8, first: 1, last: 10, deleted: 2, rest: [...uvarint(2), ...uvarint(40)] }));
    malformed(idx({ version: 2, messages: 8, first: 1, last: 10, deleted: 2, rest: deletedMap([3]) }));
  });

  it("V1-41 refuses what is cut off, of an unknown version, or of a size that its bytes cannot have", () => {
    const whole = idx({ messages: 9, first: 1, last: 10, deleted: 1, rest: uvarint(3) });
    for (let length = 0; length < whole.length; length++) malformed(whole.subarray(0, length));
    malformed(idx({ version: 3, messages: 1, first: 1, last: 1 }));
    malformed(idx({ messages: 1, first: 1, last: 2 ** 52, deleted: 2 ** 52 - 1, rest: [1] }));
  });
});
