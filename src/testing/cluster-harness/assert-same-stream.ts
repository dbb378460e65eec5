import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { compareStreams, type Tolerances } from "../compare-streams.ts";
import { describeDifferences } from "../difference.ts";
import { readStream, type StreamContents } from "../read-stream.ts";

/** What a follower that has just become a leader says of a consumer may be a moment old, in ms. */
const settleMs = 15_000;

/** Asserts that a stream is what it was: every message and every consumer. */
export async function assertSameStream(
  nc: NatsConnection,
  before: StreamContents,
  tolerate: Tolerances = {},
): Promise<void> {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const after: StreamContents | Error = await readStream(nc, before.name).catch((error: Error) => error);
    const said: string =
      after instanceof Error ? after.message : describeDifferences(compareStreams(before, after, tolerate));
    if (said === "") return;
    if (Date.now() > deadline) assert.fail(`${before.name} is not what it was:\n${said}`);
    await sleep(500);
  }
}
