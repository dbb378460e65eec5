import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { randomBytes, recordBytes, type SampleMessage } from "../../testing/kernel-samples.ts";
import { Kernels, RecordRows, RowFlag, slackBytes } from "./kernels.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const erasedBit = 1n << 63n;
const tombstoneBit = 1n << 62n;

interface Row {
  readonly sequence: number;
  readonly timestamp: bigint;
  readonly flags: number;
  readonly subject: string;
  readonly header: string;
  readonly payload: string;
}

/** Bytes of a block in kernel memory, with whatever lies behind them being wild. */
function place(kernels: Kernels, bytes: Uint8Array): number {
  const at = kernels.allocate(bytes.length);
  kernels.bytes.set(bytes, at);
  kernels.bytes.fill(0xee, at + bytes.length, at + bytes.length + slackBytes);
  return at;
}

/** What the rows say, read by the addresses that they document. */
function read(kernels: Kernels, rows: RecordRows, count: number): Row[] {
  const part = (from: number, length: number): string =>
    Buffer.from(kernels.bytes.subarray(from, from + length)).toString("latin1");
  return Array.from({ length: count }, (_, index) => {
    const flags = rows.flags[index] as number;
    const subjectLength = rows.subjectLength[index] as number;
    const headerLength = rows.headerLength[index] as number;
    const subjectAt = (rows.offset[index] as number) + 22;
    const headerAt = subjectAt + subjectLength + (flags & RowFlag.headers ? 4 : 0);
    return {
      sequence: rows.sequence[index] as number,
      timestamp: rows.timestamp[index] as bigint,
      flags,
      subject: part(subjectAt, subjectLength),
      header: part(headerAt, headerLength),
      payload: part(headerAt + headerLength, rows.payloadLength[index] as number),
    };
  });
}

const message = (fields: Partial<SampleMessage> = {}): SampleMessage => ({
  sequence: 7n,
  timestamp: 1_700_000_000_000_000_007n,
  subject: text("ORDERS.new"),
  payload: text("payload"),
  ...fields,
});

describe("the scan of filestore records", () => {
  let kernels: Kernels;
  let rows: RecordRows;
  beforeEach(() => {
    kernels = Kernels.create();
    kernels.setHighwayKey(createHash("sha256").update("ORDERS-1").digest());
    rows = new RecordRows(kernels, 100);
  });

  it("reads a block that a nats-server wrote: every message, the erased one, the tombstones", () => {
    interface Vector {
      readonly key: string;
      readonly base64: string;
      readonly messages: { seq: number; subject: string; time: string; hdrs: string; data: string }[];
    }
    const vector: Vector = JSON.parse(readFileSync(new URL("./testdata/records.json", import.meta.url), "utf8"));
    kernels.setHighwayKey(createHash("sha256").update(vector.key).digest());
    const block = Buffer.from(vector.base64, "base64");
    const at = place(kernels, block);
    const scan = kernels.scanRecords(at, at + block.length, rows, true);
    assert.deepEqual(scan, { count: vector.messages.length + 4, next: at + block.length, stop: "end", need: 0 });

    const found = read(kernels, rows, scan.count);
    const marks = RowFlag.erased | RowFlag.tombstone;
    const messages = found.filter((row) => (row.flags & marks) === 0 && row.sequence !== 6);
    assert.equal(messages.length, vector.messages.length);
    for (const [index, expected] of vector.messages.entries()) {
      const row = messages[index] as Row;
      const header = Buffer.from(expected.hdrs, "base64").toString("latin1");
      assert.equal(row.sequence, expected.seq);
      assert.equal(row.subject, expected.subject);
      assert.equal(row.header, header);
      assert.equal(row.payload, Buffer.from(expected.data, "base64").toString("latin1"));
      const [seconds = "", fraction = ""] = expected.time.slice(0, -1).split(".");
      const nanoseconds = BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
      assert.equal(row.timestamp, nanoseconds);
      const flags = (header ? RowFlag.headers : 0) | (header.includes("\r\nNats-TTL:") ? RowFlag.ttl : 0);
      assert.equal(row.flags, flags, `flags of sequence ${expected.seq}`);
    }
    assert.equal(messages.filter((row) => row.flags & RowFlag.ttl).length, 2);
    // Sequence 5 was erased where it stood; 6 was deleted without erasure and stays; both have a tombstone at the end.
    const of = (flag: number): number[] => found.filter((row) => row.flags & flag).map((row) => row.sequence);
    assert.deepEqual(of(RowFlag.erased), [5]);
    assert.deepEqual(of(RowFlag.tombstone), [5, 6]);
    assert.equal(found.find((row) => row.sequence === 6)?.payload, "to be deleted without erasure");
  });

  it("gives back what any message holds", () => {
    const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most });
    const messages = fc.record(
      {
        sequence: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
        timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        subject: bytes(80),
        header: bytes(120),
        payload: bytes(150),
        marks: fc.constantFrom(0n, erasedBit, tombstoneBit, erasedBit | tombstoneBit),
      },
      { requiredKeys: ["sequence", "timestamp", "subject", "payload"] },
    );
    const latin1 = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString("latin1");
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 12 }), (list) => {
        const block = Buffer.concat(list.map((item) => recordBytes(kernels, item as SampleMessage)));
        const at = place(kernels, block);
        const scan = kernels.scanRecords(at, at + block.length, rows, true);
        assert.deepEqual(scan, { count: list.length, next: at + block.length, stop: "end", need: 0 });
        const expected = list.map((item) => ({
          sequence: Number(item.sequence),
          timestamp: item.timestamp,
          flags:
            (item.marks && item.marks & erasedBit ? RowFlag.erased : 0) |
            (item.marks && item.marks & tombstoneBit ? RowFlag.tombstone : 0) |
            (item.header ? RowFlag.headers : 0),
          subject: latin1(item.subject),
          header: latin1(item.header),
          payload: latin1(item.payload),
        }));
        assert.deepEqual(read(kernels, rows, scan.count), expected);
      }),
      { numRuns: 150 },
    );
  });

  it("hashes right wherever the pieces of a record end within the hash's packets", () => {
    for (let subject = 0; subject <= 34; subject++) {
      for (const header of [undefined, 0, 1, 15, 16, 17, 31, 40]) {
        for (const payload of [0, 1, 15, 16, 33]) {
          const item = message({
            subject: randomBytes(subject, subject),
            payload: randomBytes(payload, payload),
            ...(header === undefined ? {} : { header: randomBytes(header, header) }),
          });
          const record = recordBytes(kernels, item);
          const at = place(kernels, record);
          const { stop } = kernels.scanRecords(at, at + record.length, rows, true);
          assert.equal(stop, "end", `subject ${subject}, header ${header}, payload ${payload}`);
        }
      }
    }
  });

  it("takes the longest subject there is, with a header behind it", () => {
    const item = message({ subject: randomBytes(65_535, 1), header: text("NATS/1.0\r\nNats-TTL: 1s\r\n\r\n") });
    const record = recordBytes(kernels, item);
    const at = place(kernels, record);
    assert.equal(kernels.scanRecords(at, at + record.length, rows, true).stop, "end");
    assert.equal(rows.subjectLength[0], 65_535);
    assert.equal(rows.flags[0], RowFlag.headers | RowFlag.ttl);
  });

  it("stops at an incomplete record wherever the data is cut, says how much it needs, and goes on from there", () => {
    const records = [message(), message({ header: text("NATS/1.0\r\n\r\n") }), message({ payload: text("") })].map(
      (item) => recordBytes(kernels, item),
    );
    const block = Buffer.concat(records);
    const ends = [0];
    for (const record of records) ends.push((ends.at(-1) as number) + record.length);
    for (let cut = 0; cut <= block.length; cut++) {
      const at = place(kernels, block.subarray(0, cut));
      const scan = kernels.scanRecords(at, at + cut, rows, true);
      const complete = ends.filter((end) => end > 0 && end <= cut).length;
      assert.equal(scan.count, complete, `cut at ${cut}`);
      assert.equal(scan.next, at + (ends[complete] as number));
      const left = at + cut - scan.next;
      if (left === 0) {
        assert.deepEqual([scan.stop, scan.need], ["end", 0]);
      } else {
        assert.equal(scan.stop, "incomplete");
        assert.equal(scan.need, left < 22 ? 22 : records[complete]?.length);
      }
    }
  });

  it("stops when the rows are full, writes none beyond them, and goes on from there", () => {
    const few = new RecordRows(kernels, 3);
    const guard = kernels.allocate(64);
    kernels.bytes.fill(0x5a, guard, guard + 64);
    const block = Buffer.concat(
      Array.from({ length: 8 }, (_, index) => recordBytes(kernels, message({ sequence: BigInt(index) }))),
    );
    const at = place(kernels, block);
    const sequences: number[] = [];
    const stops: string[] = [];
    for (let from = at; from < at + block.length; ) {
      const { count, next, stop } = kernels.scanRecords(from, at + block.length, few, true);
      sequences.push(...few.sequence.subarray(0, count));
      stops.push(stop);
      from = next;
    }
    assert.deepEqual(sequences, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(stops, ["full", "full", "end"]);
    assert.ok(kernels.bytes.subarray(guard, guard + 64).every((byte) => byte === 0x5a));
  });

  describe("V1-10 refuses as bad-length, before the record is complete", () => {
    const cases: [name: string, damage: (view: DataView, record: Uint8Array) => void][] = [
      ["a record under 30 bytes", (view) => view.setUint32(0, 29, true)],
      ["a record of no bytes", (view) => view.setUint32(0, 0, true)],
      ["a record over 32 MiB and 64 KiB", (view) => view.setUint32(0, 32 * 1024 * 1024 + 64 * 1024 + 1, true)],
      ["the largest length there is", (view) => view.setUint32(0, 0xffff_ffff, true)],
      ["a subject longer than the record", (view, record) => view.setUint16(20, record.length - 29, true)],
      [
        "a header without room for its length",
        (view, record) => view.setUint32(0, (0x8000_0000 | 33) >>> 0, true) ?? record,
      ],
      ["a sequence of 2^53", (view) => view.setBigUint64(4, 2n ** 53n, true)],
    ];
    for (const [name, damage] of cases) {
      it(name, () => {
        const record = recordBytes(kernels, message());
        damage(new DataView(record.buffer), record);
        for (const available of [22, record.length]) {
          const at = place(kernels, record.subarray(0, available));
          const scan = kernels.scanRecords(at, at + available, rows, true);
          assert.deepEqual(scan, { count: 0, next: at, stop: "bad-length", need: 0 });
        }
      });
    }

    it("a header longer than its record, for any length it may claim", () => {
      const good = recordBytes(kernels, message({ header: text("NATS/1.0\r\n\r\n") }));
      const room = "NATS/1.0\r\n\r\n".length + "payload".length;
      for (const length of [room + 1, room + 8, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]) {
        const record = good.slice();
        new DataView(record.buffer).setUint32(22 + "ORDERS.new".length, length, true);
        const at = place(kernels, record);
        assert.equal(kernels.scanRecords(at, at + record.length, rows, false).stop, "bad-length");
      }
    });
  });

  it("needs the whole of a record of the largest length that is allowed", () => {
    const head = recordBytes(kernels, message()).subarray(0, 22);
    new DataView(head.buffer).setUint32(0, 32 * 1024 * 1024 + 64 * 1024, true);
    const at = place(kernels, head);
    assert.deepEqual(kernels.scanRecords(at, at + 22, rows, true), {
      count: 0,
      next: at,
      stop: "incomplete",
      need: 32 * 1024 * 1024 + 64 * 1024,
    });
  });

  it("stops at the record with any flipped bit outside the header's length, unless its hash is not asked for", () => {
    const first = recordBytes(kernels, message());
    const second = recordBytes(kernels, message({ sequence: 8n, header: text("NATS/1.0\r\nA: b\r\n\r\n") }));
    const block = Buffer.concat([first, second]);
    let undetectedWithoutHash = 0;
    const headerLengthAt = 22 + "ORDERS.new".length;
    for (let bit = 0; bit < second.length * 8; bit++) {
      if (bit >> 3 >= headerLengthAt && bit >> 3 < headerLengthAt + 4) continue;
      const damaged = Uint8Array.from(block);
      const byte = first.length + (bit >> 3);
      damaged[byte] = (damaged[byte] as number) ^ (1 << (bit & 7));
      const at = place(kernels, damaged);
      const scan = kernels.scanRecords(at, at + damaged.length, rows, true);
      assert.deepEqual([scan.count, scan.next], [1, at + first.length], `bit ${bit}`);
      assert.ok(["bad-hash", "bad-length", "incomplete"].includes(scan.stop), `bit ${bit}: ${scan.stop}`);
      if (kernels.scanRecords(at, at + damaged.length, rows, false).stop === "end") undetectedWithoutHash++;
    }
    assert.ok(undetectedWithoutHash > second.length * 4, "the hash is what finds most of them");
  });

  it("cannot notice that a byte went from one part to its neighbour: the hash has no lengths in it", () => {
    // The server cannot either. The CRC of the S2 block around it does, if the damage came after the snapshot.
    const plain = recordBytes(kernels, message());
    new DataView(plain.buffer).setUint16(20, "ORDERS.ne".length, true);
    const headed = recordBytes(kernels, message({ header: text("NATS/1.0\r\n\r\n") }));
    new DataView(headed.buffer).setUint32(22 + "ORDERS.new".length, "NATS/1.0\r\n\r".length, true);
    const block = Buffer.concat([plain, headed]);
    const at = place(kernels, block);
    const { count, stop } = kernels.scanRecords(at, at + block.length, rows, true);
    assert.deepEqual([count, stop], [2, "end"]);
    const [first, second] = read(kernels, rows, 2);
    assert.deepEqual([first?.subject, first?.payload], ["ORDERS.ne", "wpayload"]);
    assert.deepEqual([second?.header, second?.payload], ["NATS/1.0\r\n\r", "\npayload"]);
  });

  it("refuses the records of another stream, or of another block, by their key", () => {
    const record = recordBytes(kernels, message());
    const at = place(kernels, record);
    kernels.setHighwayKey(createHash("sha256").update("ORDERS-2").digest());
    assert.equal(kernels.scanRecords(at, at + record.length, rows, true).stop, "bad-hash");
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, verify) => {
        const at = place(kernels, bytes);
        const scan = kernels.scanRecords(at, at + bytes.length, rows, verify);
        assert.ok(scan.next >= at && scan.next <= at + bytes.length);
        if (verify) assert.equal(scan.count, 0);
      }),
      { numRuns: 2000 },
    );
  });
});
