import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ProtocolError, ProtocolReader } from "./protocol-reader.ts";

/** What a server says, as the handler is told of it. */
type Event = readonly unknown[];

function reader(options: { bufferBytes?: number; maxMessage?: number } = {}): {
  reader: ProtocolReader;
  events: Event[];
} {
  const events: Event[] = [];
  const made = new ProtocolReader(
    {
      message: (sid, subject, reply, headers, data) =>
        events.push(["message", sid, subject, reply, headers?.toString(), data.toString("latin1")]),
      ping: () => events.push(["ping"]),
      pong: () => events.push(["pong"]),
      info: (json) => events.push(["info", json]),
      error: (text) => events.push(["error", text]),
    },
    { maxMessage: 1_000_000, ...options },
  );
  return { reader: made, events };
}

/** The events of bytes that come all at once. */
function eventsOf(text: string | Buffer, options: { maxMessage?: number } = {}): Event[] {
  const { reader: made, events } = reader(options);
  made.push(Buffer.from(text as string));
  return events;
}

describe("ProtocolReader", () => {
  it("hands out messages with and without a reply, with and without headers, also empty ones", () => {
    assert.deepEqual(eventsOf("MSG a.b 7 5\r\nhello\r\nMSG a.b 7 r.1 0\r\n\r\n"), [
      ["message", 7, "a.b", "", undefined, "hello"],
      ["message", 7, "a.b", "r.1", undefined, ""],
    ]);
    assert.deepEqual(
      eventsOf("HMSG a 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\nHMSG a 1 r 12 15\r\nNATS/1.0\r\n\r\nabc\r\n"),
      [
        ["message", 1, "a", "", "NATS/1.0 503\r\n\r\n", ""],
        ["message", 1, "a", "r", "NATS/1.0\r\n\r\n", "abc"],
      ],
    );
  });

  it("takes control lines in any case, with tabs, and with a bare line feed", () => {
    assert.deepEqual(eventsOf("PING\r\npong\n+OK\r\nINFO\t{}\r\n-ERR 'Stale Connection'\r\nmsg\ta 1  2\r\nxy\r\n"), [
      ["ping"],
      ["pong"],
      ["info", "{}"],
      ["error", "Stale Connection"],
      ["message", 1, "a", "", undefined, "xy"],
    ]);
  });

  it("does not take what a payload holds for a line", () => {
    const payload = "PING\r\nMSG x 1 1\r\n\r\n\n";
    assert.deepEqual(eventsOf(`MSG a 1 ${payload.length}\r\n${payload}\r\nPONG\r\n`), [
      ["message", 1, "a", "", undefined, payload],
      ["pong"],
    ]);
  });

  it("makes the same of bytes that come in pieces of any size, in a buffer of any size", () => {
    const message = fc.record({
      reply: fc.boolean(),
      headers: fc.boolean(),
      data: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 60_000, maxLength: 150_000 })),
    });
    const said = fc.array(fc.oneof(message, fc.constantFrom("PING\r\n", "PONG\r\n", "+OK\r\n")), { maxLength: 12 });
    fc.assert(
      fc.property(said, fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1 }), (parts, cuts) => {
        const bytes = Buffer.concat(
          parts.map((part) => {
            if (typeof part === "string") return Buffer.from(part);
            const headers = part.headers ? "NATS/1.0 100\r\n\r\n" : "";
            const reply = part.reply ? "re.ply " : "";
            const sizes = `${part.headers ? `${headers.length} ` : ""}${headers.length + part.data.length}`;
            const line = `${part.headers ? "HMSG" : "MSG"} sub.ject 12 ${reply}${sizes}\r\n${headers}`;
            return Buffer.concat([Buffer.from(line), part.data, Buffer.from("\r\n")]);
          }),
        );
        const { reader: made, events } = reader({ bufferBytes: 80_000 });
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const piece = bytes.subarray(at, at + (cuts[turn % cuts.length] as number));
          made.push(piece);
          at += piece.length;
        }
        assert.deepEqual(events, eventsOf(bytes));
        assert.equal(events.length, parts.filter((part) => part !== "+OK\r\n").length);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses what is no protocol, and never makes room for a size that the server did not announce", () => {
    const max = { maxMessage: 1_000 };
    for (const text of [
      "HTTP/1.1 400 Bad Request\r\n",
      "MSG a 1\r\n",
      "MSG a 1 -5\r\n",
      "MSG a 1 99999999999999999999\r\n",
      "MSG a 1 b c 5\r\nhello\r\n",
      "MSG a x 5\r\nhello\r\n",
      "MSG a 1 1001\r\n",
      "MSG a 1 5\r\nhelloPING\r\n",
      "HMSG a 1 9 5\r\nNATS/1.0\r\n\r\n",
      `INFO ${"x".repeat(2 ** 20)}`,
    ]) {
      assert.throws(() => eventsOf(text, max), ProtocolError, text.slice(0, 40));
    }
  });

  it("does not read random bytes as anything but an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        try {
          eventsOf(Buffer.from(bytes), { maxMessage: 100 });
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
        }
      }),
    );
  });
});
