import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isText, subjectBytes, subjectText } from "./subject-text.ts";

describe("a subject as text", () => {
  for (const subject of ["orders.new", "größe.語", "a.\u{1f600}.\u{1fcff}", "\ufeffbom", "a.\ufffd"]) {
    it(`is ${JSON.stringify(subject)} where it is UTF-8`, () => {
      const bytes = Buffer.from(subject, "utf8");
      assert.equal(subjectText(bytes), subject);
      assert.deepEqual(Buffer.from(subjectBytes(subject)), bytes);
      assert.ok(isText(subject));
    });
  }

  it("names bytes that are no UTF-8 one by one, and leaves what stands between", () => {
    assert.equal(subjectText(Uint8Array.of(0x61, 0x2e, 0xff, 0xc3, 0xa4, 0xc3)), "a.\udcffä\udcc3");
    assert.ok(!isText("a.\udcffä"));
    // A pair whose second half is within the range of what bytes become.
    assert.ok(isText("\ud83d\udc80"));
  });

  it("becomes the same bytes again, whatever they are, and other bytes another text", () => {
    const part = fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.constant(Buffer.from("ä.語.\u{1f480}")));
    const bytes = fc.array(part, { maxLength: 4 }).map((parts) => new Uint8Array(Buffer.concat(parts)));
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const text = subjectText(one);
        assert.deepEqual(Buffer.from(subjectBytes(text)), Buffer.from(one));
        assert.equal(text === subjectText(other), Buffer.compare(one, other) === 0);
        assert.equal(JSON.parse(JSON.stringify(text)), text, "in a key file too");
      }),
      { numRuns: 2000 },
    );
  });
});
