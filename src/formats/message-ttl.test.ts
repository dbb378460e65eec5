import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messageTtl } from "./message-ttl.ts";

const ttl = (value: string): unknown =>
  messageTtl(new TextEncoder().encode(`NATS/1.0\r\nOther: Nats-TTL: 5\r\nNats-TTL: ${value}\r\nLast: x\r\n\r\n`));
const second = 1_000_000_000n;

describe("a message's own time to live", () => {
  it("is seconds, or a duration as Go writes them, cut to whole seconds", () => {
    assert.equal(ttl("60"), 60n * second);
    assert.equal(ttl("1s"), second);
    assert.equal(ttl("1h30m"), 5400n * second);
    assert.equal(ttl("1.5h"), 5400n * second);
    assert.equal(ttl("2500ms"), 2n * second);
    assert.equal(ttl("0.1m0.1m"), 12n * second);
    assert.equal(ttl("1000000µs"), second);
  });

  it("can be never", () => {
    assert.equal(ttl("never"), "never");
    assert.equal(ttl("NEVER"), "never");
  });

  it("counts as none where a server would refuse it", () => {
    for (const value of ["", "0", "999ms", "-5", "-5s", "5x", "1h 5m", "abc", "1.2.3s"])
      assert.equal(ttl(value), undefined, value);
  });

  it("is looked for at the start of a line only", () => {
    assert.equal(messageTtl(new TextEncoder().encode("NATS/1.0\r\nX: Nats-TTL: 5\r\n\r\n")), undefined);
  });
});
