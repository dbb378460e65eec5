import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { directGetAnswer } from "./direct-get-answer.ts";

const answer = (...lines: readonly string[]): ReturnType<typeof directGetAnswer> =>
  directGetAnswer(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
const appended = (time: string): readonly string[] => [
  "Nats-Stream: ORDERS",
  "Nats-Subject: orders.\xff",
  "Nats-Sequence: 7",
  `Nats-Time-Stamp: ${time}`,
];
const time = "2026-01-31T12:00:00.5Z";
const nanoseconds = BigInt(Date.parse(time)) * 1_000_000n;

describe("the answer to a direct get", () => {
  it("is a message without the fields that the server appended, whose times 2.9 writes in another way", () => {
    for (const written of [time, "2026-01-31 12:00:00.5 +0000 UTC"]) {
      const found = answer("NATS/1.0", "Nats-Stream: OTHER", "Nats-Sequence: 1", ...appended(written));
      assert.ok(found.status === undefined);
      assert.deepEqual([found.sequence, found.time], [7, nanoseconds]);
      assert.deepEqual(Buffer.from(found.subject), Buffer.from("orders.\xff", "latin1"));
      const own = "NATS/1.0\r\nNats-Stream: OTHER\r\nNats-Sequence: 1\r\n\r\n";
      assert.equal(Buffer.from(found.headers).toString("latin1"), own);
    }
    const bare = answer("NATS/1.0", ...appended(time));
    assert.equal(bare.status === undefined && bare.headers.length, 0);
  });

  it("is a status where there is none", () => {
    const { status, field } = answer("NATS/1.0 204 EOB", "Nats-Num-Pending: 3");
    assert.deepEqual([status, field("Nats-Num-Pending"), field("Nats-Last-Sequence")], ["204", "3", undefined]);
  });

  it("is not believed without its fields", () => {
    const internal = (error: Error): boolean => isRelightError(error, "INTERNAL");
    assert.throws(() => answer("NATS/1.0", "Own: 1"), internal);
    assert.throws(() => answer("NATS/1.0", ...appended("noon")), internal);
  });
});
