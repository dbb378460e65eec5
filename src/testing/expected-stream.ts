import type { StreamContents } from "./read-stream.ts";
import type { ExpectedConsumer, ExpectedStream } from "./stream-kind.ts";

/** In what a stream is not as its kind should have made it, one line each; empty when it is. */
export function unexpectedIn(contents: StreamContents, expected: ExpectedStream): string[] {
  const { state } = contents.info;
  const { live, firstSeq, lastSeq } = expected;
  const span = live.length === 0 ? 0 : lastSeq - firstSeq + 1;
  const lines: string[] = [];
  const check = (what: string, actual: unknown, should: unknown): void => {
    if (should === undefined || JSON.stringify(actual) === JSON.stringify(should)) return;
    lines.push(`${expected.name}: ${what} is ${JSON.stringify(actual)}, should be ${JSON.stringify(should)}`);
  };
  check("live sequences", contents.messages.sequences(), live);
  check("messages", state.messages, live.length);
  check("first_seq", state.first_seq, firstSeq);
  check("last_seq", state.last_seq, lastSeq);
  check("num_deleted", state.num_deleted ?? 0, span - live.length);
  check("number of consumers", contents.consumers.length, expected.consumerCount);
  for (const consumer of expected.consumers) checkConsumer(contents, consumer, check);
  return lines;
}

function checkConsumer(
  contents: StreamContents,
  expected: ExpectedConsumer,
  check: (what: string, actual: unknown, should: unknown) => void,
): void {
  const actual = contents.consumers.find((one) => one.name === expected.name);
  const what = (part: string): string => `consumer ${expected.name} ${part}`;
  check(what("delivered"), actual?.delivered, expected.delivered);
  check(what("ack_floor"), actual?.ack_floor, expected.ackFloor);
  check(what("num_pending"), actual?.num_pending, expected.pending);
  check(what("num_ack_pending"), actual?.num_ack_pending, expected.ackPending);
  check(what("num_redelivered"), actual?.num_redelivered, expected.redelivered);
}
