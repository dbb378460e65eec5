import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { parseServerVersion } from "../../jetstream/server-version.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { serverNotes } from "./server-notes.ts";

function notesOf(version: string, config: Partial<StreamConfig>): readonly string[] {
  const parsed = parseServerVersion(version);
  assert.ok(parsed);
  const whole = { name: "S", subjects: ["s"], retention: "limits", num_replicas: 1, ...config } as StreamConfig;
  return serverNotes(whole, versionRules(parsed));
}

describe("serverNotes", () => {
  it("says where replicas of work queues can come to differ", () => {
    for (const version of ["2.10.26", "2.11.11", "2.12.2"]) {
      const [note, ...others] = notesOf(version, { retention: "workqueue", num_replicas: 3 });
      assert.match(note ?? "", /refuses acks and deletes/);
      assert.deepEqual(others, []);
      assert.deepEqual(notesOf(version, { retention: "workqueue" }), [], "one replica");
      assert.deepEqual(notesOf(version, { num_replicas: 3 }), [], "limits");
    }
    for (const version of ["2.11.12", "2.12.3", "2.15.1"]) {
      assert.deepEqual(notesOf(version, { retention: "interest", num_replicas: 3 }), []);
    }
  });

  it("F12: says where limits wait until the snapshot is over, of streams that have any", () => {
    for (const limit of [{ max_bytes: 1 }, { max_msgs: 1 }, { max_age: 1 }, { max_msgs_per_subject: 1 }]) {
      assert.match(notesOf("2.9.25", limit).join(), /grow past its limits .* leave room/);
      assert.deepEqual(notesOf("2.10.26", limit), []);
    }
    assert.deepEqual(notesOf("2.9.25", { max_bytes: -1, max_msgs: -1, max_age: 0, max_msgs_per_subject: -1 }), []);
  });
});
