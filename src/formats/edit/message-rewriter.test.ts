import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryBatch, headersOf, readBatch } from "../../testing/entry-batch.ts";
import type { TestEntryV2 } from "../../testing/natsarc-writer.ts";
import type { ReadMessage } from "../../testing/read-messages.ts";
import { Kernels, RowFlag } from "../kernels/kernels.ts";
import { type MessageChange, MessageRewriter } from "./message-rewriter.ts";

const mebibyte = 1024 * 1024;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What comes out of a rewriter, and in how many batches. */
function rewrite(
  messages: readonly TestEntryV2[],
  change: (row: number) => MessageChange,
  kernels = Kernels.create(),
  taken = (): void => {},
): { readonly out: ReadMessage[]; readonly batches: number[]; readonly flags: number[] } {
  const out: ReadMessage[] = [];
  const batches: number[] = [];
  const flags: number[] = [];
  const rewriter = new MessageRewriter(kernels, (batch) => {
    // Who takes a batch may need memory himself.
    taken();
    out.push(...readBatch(batch));
    flags.push(...batch.rows.flags.subarray(0, batch.count));
    batches.push(batch.count);
  });
  rewriter.messages(entryBatch(messages, kernels), change);
  return { out, batches, flags };
}

describe("messages that are written anew", () => {
  const ttl = headersOf({ "Nats-TTL": "5s" });
  const messages: readonly TestEntryV2[] = [
    { name: "a", sequence: 7, time: 70n, payload: "one", headers: ttl },
    { name: "b.c", sequence: 9, time: -1n, payload: "" },
    { name: "größe", sequence: 2 ** 52, time: 80n, payload: "three" },
  ];

  it("stay as they are where nothing is to change", () => {
    assert.deepEqual(rewrite(messages, () => ({})).out, readBatch(entryBatch(messages)));
  });

  it("have other subjects, headers and payloads, longer or shorter", () => {
    const changes: MessageChange[] = [
      { subject: bytes("a.much.longer.subject"), headers: new Uint8Array(0) },
      { headers: bytes(headersOf({ A: "1" })) },
      { subject: bytes("g"), fill: 0x30 },
    ];
    const { out, flags } = rewrite(messages, (row) => changes[row] ?? {});
    assert.deepEqual(out, [
      { sequence: 7, time: 70n, subject: "a.much.longer.subject", headers: "", payload: "one" },
      { sequence: 9, time: -1n, subject: "b.c", headers: headersOf({ A: "1" }), payload: "" },
      { sequence: 2 ** 52, time: 80n, subject: "g", headers: "", payload: "00000" },
    ]);
    assert.deepEqual(flags, [0, RowFlag.headers, 0], "without headers there is no time to live");
  });

  it("keep their time to live with their headers", () => {
    assert.deepEqual(rewrite(messages, () => ({ subject: bytes("x") })).flags, [RowFlag.headers | RowFlag.ttl, 0, 0]);
  });

  it("are handed on before the staging area is full, and none is lost or moved", () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      name: `s.${index}`,
      payload: `${index}`.repeat(20_000),
    }));
    const { out, batches } = rewrite(many, () => ({ subject: bytes("x") }));
    assert.deepEqual(
      out,
      readBatch(entryBatch(many)).map((message) => ({ ...message, subject: "x" })),
    );
    assert.ok(batches.length > 2, `${batches}`);
  });

  it("may be larger than the staging area, in the middle of a batch whose reader needs memory too", () => {
    const sizes = [10, mebibyte - 1, mebibyte, mebibyte + 1, 20, 5 * mebibyte, 30, 3 * mebibyte, mebibyte];
    const large = sizes.map((size, index) => ({ name: `s.${index}`, payload: `${index}`.repeat(size) }));
    const kernels = Kernels.create();
    const { out } = rewrite(
      large,
      () => ({ subject: bytes("x") }),
      kernels,
      () => kernels.allocate(mebibyte),
    );
    assert.deepEqual(
      out.map(({ sequence, subject, payload }) => [sequence, subject, payload.length, payload[0], payload.at(-1)]),
      sizes.map((size, index) => [index + 1, "x", size, `${index}`, `${index}`]),
    );
  });

  it("take a bounded memory, though each is a little larger than the one before", () => {
    const kernels = Kernels.create();
    const rewriter = new MessageRewriter(kernels, () => kernels.allocate(64));
    const batch = entryBatch([{ name: "s", payload: new Uint8Array(3 * mebibyte) }], kernels);
    for (let size = mebibyte; size <= 3 * mebibyte; size += 4096) {
      batch.rows.payloadLength[0] = size;
      rewriter.messages(batch, () => ({}));
    }
    assert.ok(kernels.memoryBytes < 16 * mebibyte, `${kernels.memoryBytes} bytes`);
  });
});
