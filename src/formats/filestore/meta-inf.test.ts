import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MalformedBytes } from "../byte-reader.ts";
import { decodeConsumerMeta, decodeStreamMeta } from "./meta-inf.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("decoding meta.inf", () => {
  it("V1-05 separates a stream's configuration from the time of its creation, and keeps the text", () => {
    const text =
      '{"Created":"2026-01-02T03:04:05.6Z","name":"ORDERS","subjects":["orders.\\u003e"],"future_field":{"a":1}}';
    const meta = decodeStreamMeta(bytes(text));
    assert.equal(meta.name, "ORDERS");
    assert.equal(meta.created, "2026-01-02T03:04:05.6Z");
    assert.deepEqual(meta.config, { name: "ORDERS", subjects: ["orders.>"], future_field: { a: 1 } });
    assert.equal(meta.text, text);
  });

  it("separates a consumer's configuration from its name and creation", () => {
    const meta = decodeConsumerMeta(
      bytes('{"Created":"2026-01-02T03:04:05Z","Name":"c","durable_name":"c","ack_policy":"all"}'),
    );
    assert.deepEqual(meta, {
      name: "c",
      created: "2026-01-02T03:04:05Z",
      config: { durable_name: "c", ack_policy: "all" },
    });
  });

  it("V1-05 refuses what is no such description", () => {
    for (const text of [
      "",
      "{",
      "[]",
      "null",
      '"x"',
      "{}",
      '{"Created":"x"}',
      '{"name":"x"}',
      '{"Created":"x","name":""}',
    ]) {
      assert.throws(() => decodeStreamMeta(bytes(text)), MalformedBytes, text);
    }
    const nested = (depth: number): Uint8Array =>
      bytes(`{"Created":"x","name":"x","text":"[[\\"[{","y":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    assert.equal(decodeStreamMeta(nested(99)).name, "x");
    assert.throws(() => decodeStreamMeta(nested(100)), /nested too deeply/);
    assert.throws(() => decodeStreamMeta(nested(3_000_000)), MalformedBytes);
    assert.throws(() => decodeStreamMeta(Uint8Array.from([0x7b, 0xff, 0x7d])), MalformedBytes);
    assert.throws(() => decodeConsumerMeta(bytes('{"Created":"x"}')), MalformedBytes);
  });
});
