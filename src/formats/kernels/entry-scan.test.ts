import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { entryBytes, type SampleMessage, uvarint } from "../../testing/kernel-samples.ts";
import { EntryRows, Kernels, RowFlag, slackBytes } from "./kernels.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const kernels = Kernels.create();
const rows = new EntryRows(kernels, 100);

function place(bytes: Uint8Array): number {
  const at = kernels.allocate(bytes.length);
  kernels.bytes.set(bytes, at);
  kernels.bytes.fill(0xee, at + bytes.length, at + bytes.length + slackBytes);
  return at;
}

function read(count: number): SampleMessage[] {
  return Array.from({ length: count }, (_, index) => {
    const nameAt = rows.offset[index] as number;
    const headerAt = nameAt + (rows.nameLength[index] as number);
    const payloadAt = headerAt + (rows.headerLength[index] as number);
    return {
      sequence: BigInt(rows.sequence[index] as number),
      timestamp: rows.timestamp[index] as bigint,
      subject: kernels.bytes.slice(nameAt, headerAt),
      ...((rows.flags[index] as number) & RowFlag.headers ? { header: kernels.bytes.slice(headerAt, payloadAt) } : {}),
      payload: kernels.bytes.slice(payloadAt, payloadAt + (rows.payloadLength[index] as number)),
    };
  });
}

describe("the scan of NATSARC1 entries", () => {
  it("reads what nats-server's own archive writer wrote, and stops before the closing entry", () => {
    interface Vector {
      readonly base64: string;
      readonly messages: { sequence: number; timestamp: string; subject: string; header: string; payload: string }[];
    }
    const vector: Vector = JSON.parse(readFileSync(new URL("./testdata/entries.json", import.meta.url), "utf8"));
    const archive = Buffer.from(vector.base64, "base64").subarray("NATSARC1".length);
    const at = place(archive);
    const scan = kernels.scanEntries(at, at + archive.length, rows);
    assert.deepEqual(scan, { count: vector.messages.length, next: at + archive.length - 5, stop: "closing", need: 0 });
    assert.deepEqual(
      read(scan.count),
      vector.messages.map(({ sequence, timestamp, subject, header, payload }) => ({
        sequence: BigInt(sequence),
        timestamp: BigInt(timestamp),
        subject: text(subject),
        ...(header === "" ? {} : { header: text(header) }),
        payload: text(payload),
      })),
    );
    const { headers, ttl } = RowFlag;
    assert.deepEqual([...rows.flags.subarray(0, scan.count)], [0, headers, headers | ttl, headers, headers]);
  });

  it("gives back what any message holds", () => {
    const messages = fc.record(
      {
        sequence: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }),
        timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        subject: fc.uint8Array({ maxLength: 300 }),
        header: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        payload: fc.uint8Array({ maxLength: 300 }),
      },
      { requiredKeys: ["sequence", "timestamp", "subject", "payload"] },
    );
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 10 }), (list) => {
        const archive = Buffer.concat(list.map((item) => entryBytes(item as SampleMessage)));
        const at = place(archive);
        const scan = kernels.scanEntries(at, at + archive.length, rows);
        assert.deepEqual(scan, { count: list.length, next: at + archive.length, stop: "end", need: 0 });
        assert.deepEqual(
          read(scan.count),
          list.map((item) => ({ ...item })),
        );
      }),
      { numRuns: 150 },
    );
  });

  const message: SampleMessage = {
    sequence: 1_000_000n,
    timestamp: 1_700_000_000_000_000_000n,
    subject: text("ORDERS.new"),
    header: text("NATS/1.0\r\n\r\n"),
    payload: text("p".repeat(200)),
  };

  it("stops at an incomplete entry wherever the data is cut, and never asks for more than the entry has", () => {
    const entry = entryBytes(message);
    const twice = Buffer.concat([entry, entry]);
    const headLength = entry.length - message.subject.length - 12 - message.payload.length;
    for (let cut = 0; cut <= twice.length; cut++) {
      const at = place(twice.subarray(0, cut));
      const scan = kernels.scanEntries(at, at + cut, rows);
      const complete = Math.floor(cut / entry.length);
      const left = cut - complete * entry.length;
      assert.deepEqual([scan.count, scan.next], [complete, at + complete * entry.length], `cut at ${cut}`);
      assert.equal(scan.stop, left === 0 ? "end" : "incomplete");
      assert.equal(scan.need, left === 0 ? 0 : left < headLength ? left + 1 : entry.length, `cut at ${cut}`);
    }
  });

  it("stops when the rows are full and goes on from there", () => {
    const few = new EntryRows(kernels, 3);
    const archive = Buffer.concat(
      Array.from({ length: 7 }, (_, index) => entryBytes({ ...message, sequence: BigInt(index + 1) })),
    );
    const at = place(archive);
    const sequences: number[] = [];
    const stops: string[] = [];
    for (let from = at; from < at + archive.length; ) {
      const { count, next, stop } = kernels.scanEntries(from, at + archive.length, few);
      sequences.push(...few.sequence.subarray(0, count));
      stops.push(stop);
      from = next;
    }
    assert.deepEqual(sequences, [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(stops, ["full", "full", "end"]);
  });

  const mebibyte = 1024n * 1024n;
  const head = (name: bigint, sequence: bigint, header: bigint, payload: bigint): number[] =>
    [name, 0n, sequence, header, payload].flatMap(uvarint);
  const scanHead = (bytes: readonly number[]): ReturnType<Kernels["scanEntries"]> => {
    const at = place(Uint8Array.from(bytes));
    return kernels.scanEntries(at, at + bytes.length, rows);
  };

  describe("V2-12 refuses as bad-length", () => {
    const largest = 2n ** 64n - 1n;
    const cases: [name: string, bytes: number[]][] = [
      ["a name over 1 MiB", head(mebibyte + 1n, 1n, 0n, 0n)],
      ["a header over 65 MiB", head(1n, 1n, 65n * mebibyte + 1n, 0n)],
      ["a payload over 65 MiB", head(1n, 1n, 0n, 65n * mebibyte + 1n)],
      ["header and payload that only together are too large", head(1n, 1n, 33n * mebibyte, 33n * mebibyte)],
      ["sizes whose sum wraps to a small one", head(1n, 1n, largest, 2n)],
      ["a sequence of 2^53", head(1n, 2n ** 53n, 0n, 0n)],
      ["a number of more than 64 bits", [...Array(9).fill(0xff), 0x02, 0, 1, 0, 0]],
      ["a number that goes on for more than ten bytes", [...Array(10).fill(0x80), 0, 0, 1, 0, 0]],
    ];
    for (const [name, bytes] of cases) {
      it(name, () => {
        const { count, stop } = scanHead(bytes);
        assert.deepEqual([count, stop], [0, "bad-length"]);
      });
    }
  });

  it("needs the whole of an entry of the largest sizes that are allowed", () => {
    const bytes = head(mebibyte, 1n, mebibyte, 64n * mebibyte);
    const { stop, need } = scanHead(bytes);
    assert.deepEqual([stop, need], ["incomplete", bytes.length + Number(66n * mebibyte)]);
  });

  it("stops before any entry with sequence 0, whatever it claims besides", () => {
    assert.equal(scanHead(head(10n, 0n, 0n, 5000n)).stop, "closing");
    assert.equal(scanHead([0, 0, 0, 0, 0]).stop, "closing");
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const at = place(bytes);
        const { next, stop, need } = kernels.scanEntries(at, at + bytes.length, rows);
        assert.ok(next >= at && next <= at + bytes.length);
        if (stop === "incomplete") assert.ok(need > at + bytes.length - next, "it needs more than there is");
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the search for Nats-TTL", () => {
  const flagged = (header: string): boolean => {
    const entry = entryBytes({
      sequence: 1n,
      timestamp: 0n,
      subject: text("s"),
      header: text(header),
      payload: text("\r\nNats-TTL:"),
    });
    const at = place(entry);
    assert.equal(kernels.scanEntries(at, at + entry.length, rows).stop, "end");
    return ((rows.flags[0] as number) & RowFlag.ttl) !== 0;
  };

  it("finds the field at any offset, also as the last eleven bytes", () => {
    for (let before = 0; before < 70; before++) {
      assert.equal(
        flagged(`NATS/1.0\r\nA: ${"x".repeat(before)}\r\nNats-TTL: 1h\r\n\r\n`),
        true,
        `${before} bytes before`,
      );
      assert.equal(flagged(`${"x".repeat(before)}\r\nNats-TTL:`), true, `${before} bytes before, at the end`);
    }
  });

  it("does not take for the field what the server does not", () => {
    for (const header of [
      "NATS/1.0\r\n\r\n",
      "NATS/1.0\r\nX: Nats-TTL: 1h\r\n\r\n",
      "NATS/1.0\r\nNats-TTLs: 1h\r\n\r\n",
      "NATS/1.0\r\nNats-TTL : 1h\r\n\r\n",
      "NATS/1.0\r\nnats-ttl: 1h\r\n\r\n",
      "NATS/1.0\r\nX-Nats-TTL: 1h\r\n\r\n",
      "NATS/1.0\nNats-TTL: 1h\n\n",
      "NATS/1.0\r\nNats-TTL",
      "Nats-TTL: 1h",
      "\r\r\n\r\nNats-TT\r\nNats-TTL",
    ]) {
      assert.equal(flagged(header), false, JSON.stringify(header));
    }
  });

  it("agrees with a plain search in any header", () => {
    const pieces = fc.constantFrom(
      "\r\nNats-TTL:",
      "\r\n",
      "\r",
      "\n",
      "Nats-TTL:",
      "Nats-",
      "TTL:",
      "x",
      " ",
      "\r\nNats-TTL",
      "1234567",
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 12 }), (list) => {
        const header = list.join("");
        assert.equal(flagged(header), header.includes("\r\nNats-TTL:"));
      }),
      { numRuns: 1500 },
    );
  });
});
