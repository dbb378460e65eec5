import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findStream } from "../../cluster/ledger.ts";
import {
  backup,
  before,
  now,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
} from "../../testing/sketch-situation.ts";
import { settleRestored } from "./settle-restored.ts";

/** A restore of ONE was cut off a minute ago; the backup ends at 500. */
function settle(
  lastSeq: number,
  messages = lastSeq,
): { readonly settled: readonly string[]; readonly restoring: unknown } {
  const stream = replicated("ONE", ["+n2"], "n2", { created: now, lastSeq });
  const state = "messages" in stream.state ? { ...stream.state, messages } : stream.state;
  const situation: Situation = {
    servers: ["n1", "n2", "n3"],
    streams: [{ ...stream, state }],
    memory: [remembered("ONE", ["n3"], { deletedAt: before(70_000), restoringAt: before(60_000) })],
  };
  const { ledger, picture } = sketchRequest(situation);
  const { ledger: changed, settled } = settleRestored(ledger, picture.later, [backup("ONE")]);
  return { settled, restoring: findStream(changed, "APP", "ONE")?.restoringAt ?? null };
}

describe("a restore that was cut off, and written to since", () => {
  it("counts as done when every message of the backup is there, and more", () => {
    assert.deepEqual(settle(520), { settled: ["APP/ONE"], restoring: null });
  });

  it("does not while it has no more than the backup, or lacks some of its messages", () => {
    for (const [lastSeq, messages] of [
      [500, 500],
      [300, 300],
      [520, 519],
    ] as const) {
      assert.deepEqual(settle(lastSeq, messages), { settled: [], restoring: before(60_000) }, `${lastSeq}`);
    }
  });
});
