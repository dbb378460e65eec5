import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { headersOf } from "../testing/entry-batch.ts";
import { headerBlock, headerFields, headerValues, isKeyMarker } from "./header-block.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const fieldsOf = (text: string): (readonly [string, string])[] =>
  headerFields(bytes(text)).map(({ name, value }) => [name, value] as const);

describe("a block of headers", () => {
  it("is read as fields in their order, repeated ones and all", () => {
    assert.deepEqual(fieldsOf("NATS/1.0\r\nB: 1\r\na:2\r\nB:  two words \r\n\r\n"), [
      ["B", "1"],
      ["a", "2"],
      ["B", "two words"],
    ]);
  });

  it("has values with colons, without content, and in any language", () => {
    assert.deepEqual(fieldsOf("NATS/1.0\r\nTime: 10:20:30\r\nEmpty:\r\nOrt: Größe 語\r\n\r\n"), [
      ["Time", "10:20:30"],
      ["Empty", ""],
      ["Ort", "Größe 語"],
    ]);
  });

  it("may have a status, which is no field", () => {
    assert.deepEqual(fieldsOf("NATS/1.0 503 No: Responders\r\n\r\n"), []);
  });

  it("is left out as far as it is no field", () => {
    assert.deepEqual(fieldsOf("NATS/1.0\r\nno colon\r\n: no name\r\nA: 1\r\n"), [["A", "1"]]);
    assert.deepEqual(fieldsOf("anything"), []);
    assert.deepEqual(fieldsOf(""), []);
  });

  it("is written as servers write it", () => {
    assert.deepEqual(headerBlock([{ name: "A", value: "1" }]), bytes("NATS/1.0\r\nA: 1\r\n\r\n"));
    assert.deepEqual(headerBlock([]), new Uint8Array(0));
  });

  it("is the same after it was written and read", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "B", "-", "7", "ö", "語"), minLength: 1, maxLength: 8 });
    const field = fc.record({ name: text, value: fc.oneof(fc.constant(""), text) }, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(field, { maxLength: 6 }), (fields) => {
        assert.deepEqual(headerFields(headerBlock(fields)), fields);
      }),
      { numRuns: 300 },
    );
  });

  it("gives the values of a name in any case", () => {
    const fields = headerFields(bytes("NATS/1.0\r\nkey: 1\r\nKEY: 2\r\nkeys: 3\r\n\r\n"));
    assert.deepEqual(headerValues(fields, "Key"), ["1", "2"]);
    assert.deepEqual(headerValues(fields, "absent"), []);
  });
});

describe("the marker of a removed key", () => {
  for (const [headers, marker] of [
    [{ "KV-Operation": "DEL" }, true],
    [{ "KV-Operation": "PURGE", "Nats-Rollup": "sub" }, true],
    [{ "kv-operation": "DEL" }, true],
    [{ "KV-Operation": "PUT" }, false],
    [{ "KV-Operation": "PUT", "Nats-Marker-Reason": "MaxAge" }, false],
    [{ "Nats-Marker-Reason": "MaxAge" }, true],
    [{ "Nats-Marker-Reason": "Purge" }, true],
    [{ "Nats-Marker-Reason": "Remove" }, true],
    [{ "Nats-Marker-Reason": "Other" }, false],
    [{ "Nats-Msg-Id": "DEL" }, false],
    [{}, false],
  ] as const) {
    it(`${JSON.stringify(headers)} ${marker ? "is one" : "is none"}`, () => {
      assert.equal(isKeyMarker(headerFields(bytes(headersOf(headers)))), marker);
    });
  }
});
