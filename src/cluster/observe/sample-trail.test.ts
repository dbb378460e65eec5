import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Sample } from "../picture.ts";
import { SampleTrail } from "./sample-trail.ts";

/** A sample that was taken so many seconds after noon. */
const at = (seconds: number): Sample =>
  ({ takenAt: new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)).toISOString() }) as Sample;

describe("the samples that a picture's older half is taken from", () => {
  it("give the youngest one that is old enough; none where none is", () => {
    const trail = new SampleTrail();
    const earlier = (seconds: number, gapMs?: number): Sample | null => trail.picture(at(seconds), gapMs).earlier;
    assert.equal(earlier(0), null);
    for (const seconds of [0, 5, 10]) trail.add(at(seconds));
    assert.equal(earlier(11), null);
    assert.deepEqual(earlier(12), at(0));
    assert.deepEqual(earlier(17), at(5));
    assert.deepEqual(earlier(12, 2_000), at(10));
  });

  it("are no more than any picture can need, and none after they were cleared", () => {
    const trail = new SampleTrail();
    for (const seconds of [0, 5, 10, 20]) trail.add(at(seconds));
    assert.deepEqual([trail.first, trail.last], [at(5), at(20)]);
    trail.clear();
    assert.deepEqual([trail.first, trail.last, trail.picture(at(60)).earlier], [undefined, undefined, null]);
  });
});
