import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LiveModel } from "./live-model.ts";

function filled(rules: ConstructorParameters<typeof LiveModel>[0], subjects: string): LiveModel {
  const model = new LiveModel(rules);
  for (const subject of subjects) model.publish(subject);
  return model;
}

describe("LiveModel", () => {
  it("knows the states of a stream without messages", () => {
    assert.deepEqual([new LiveModel().firstSeq, new LiveModel().lastSeq], [0, 0]);
    const configured = new LiveModel({ firstSeq: 100 });
    assert.deepEqual([configured.firstSeq, configured.lastSeq], [100, 99]);
    const purged = filled({}, "aaa");
    purged.purge();
    assert.deepEqual([purged.live, purged.firstSeq, purged.lastSeq], [[], 4, 3]);
  });

  it("keeps the newest of a subject, and of the stream", () => {
    assert.deepEqual(filled({ maxPerSubject: 2 }, "aabaab").live, [3, 4, 5, 6]);
    assert.deepEqual(filled({ maxMessages: 3 }, "abcde").live, [3, 4, 5]);
  });

  it("rolls a subject up, and purges by subject, by sequence and but for the newest", () => {
    const model = filled({}, "abababab");
    model.publish("a", true);
    assert.deepEqual(model.live, [2, 4, 6, 8, 9]);
    model.purge((subject) => subject === "b", 2);
    assert.deepEqual(model.live, [6, 8, 9]);
    model.purge((_, sequence) => sequence < 8);
    assert.deepEqual([model.live, model.firstSeq], [[8, 9], 8]);
  });

  it("jumps ahead, and refuses to remove what is not there", () => {
    const model = filled({}, "ab");
    model.jump(50);
    assert.deepEqual([model.live, model.firstSeq, model.publish("a")], [[], 50, 50]);
    assert.throws(() => model.remove(1), /not there/);
  });
});
