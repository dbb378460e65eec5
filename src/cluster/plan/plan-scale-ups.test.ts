import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planLines } from "../../testing/check-plan.ts";
import { remembered, replicated, three } from "../../testing/sketch-situation.ts";
import type { StreamPicture } from "../picture.ts";

const lines = (stream: StreamPicture, scaledFrom: number | null): readonly string[] =>
  planLines({ servers: three, streams: [stream], memory: [remembered("ORDERS", ["n1"], { scaledFrom })] });

describe("what was scaled down", () => {
  const single = replicated("ORDERS", ["+n1"], "n1");

  it("CP-41: gets back the replicas that it had", () => {
    assert.deepEqual(lines(single, 3), ["scale-up:APP/ORDERS ready"]);
  });

  it("CP-41: but for one that had no more, or has them again; and none while nobody leads it", () => {
    assert.deepEqual(lines(single, null), []);
    assert.deepEqual(lines(single, 1), []);
    assert.deepEqual(lines(replicated("ORDERS", ["+n1", "+n2", "+n3"], "n1"), 3), []);
    const unled = lines(replicated("ORDERS", ["+n1"], null), 3);
    assert.ok(!unled.some((line) => line.startsWith("scale-up")), unled.join());
  });
});
