import type { V1Sink, V2Sink } from "./archive-sink.ts";

const nothing = (): void => {};

/** Take all that an archive holds and look at none of it: for who wants only some of it to add that. */
export const idleV1: V1Sink = {
  stream: nothing,
  blockIndex: nothing,
  blockStart: nothing,
  records: nothing,
  blockEnd: nothing,
  index: nothing,
  consumer: nothing,
  problem: nothing,
};

export const idleV2: V2Sink = { state: nothing, messages: nothing, consumer: nothing, problem: nothing };
