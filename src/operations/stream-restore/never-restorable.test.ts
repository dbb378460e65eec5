import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { Manifest } from "../../formats/directory/manifest.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { parseServerVersion } from "../../jetstream/server-version.ts";
import { neverRestorable } from "./never-restorable.ts";

const facts: ArchiveFacts = {
  format: "v2",
  decodedBytes: 1_000,
  messages: 10,
  firstSequence: 1,
  lastSequence: 10,
  firstTime: "2026-01-01T00:00:00.000000000Z",
  lastTime: "2026-01-01T10:00:00.000000000Z",
  streamLastSequence: 10,
  largestGap: 0,
  ttlMessages: 0,
  resurrects: 0,
  lastSequenceBefore210: 10,
  needsIndex: false,
  indexMatches: true,
  trailingZeros: false,
  acknowledged: 0,
  samples: [1, 10],
  consumers: [],
};

/** The code of what is against restoring a stream to a version, at noon. */
function against(version: string, config: Partial<StreamConfig>): string | undefined {
  const stored = {
    config: { name: "ONE", subjects: ["one"], storage: "file", num_replicas: 1, ...config } as StreamConfig,
    manifest: { content: facts } as unknown as Manifest,
  };
  const parsed = parseServerVersion(version) ?? assert.fail();
  return neverRestorable(stored, parsed, Date.parse("2026-01-01T12:00:00Z"))?.code;
}

describe("a backup that could not be restored whatever else is so", () => {
  const memory = { storage: "memory" } as const;
  const hour = 3_600_000_000_000;

  it("is one of a stream in memory whose messages would count again, before 2.15", () => {
    assert.equal(against("2.12.15", { ...memory, allow_msg_counter: true }), "memory-headers");
    assert.equal(against("2.12.15", { ...memory, allow_msg_schedules: true }), "memory-headers");
    assert.equal(against("2.15.3", { ...memory, allow_msg_counter: true }), undefined);
    assert.equal(against("2.12.15", { allow_msg_counter: true }), undefined, "in files it can");
    assert.equal(against("2.12.15", memory), undefined);
  });

  it("is one of a mirror in memory, before 2.15", () => {
    const mirror = { ...memory, subjects: [], mirror: { name: "ORIGIN" } };
    assert.equal(against("2.12.15", mirror), "memory-mirror");
    assert.equal(against("2.15.3", mirror), undefined);
  });

  it("is one of which every message has expired by now", () => {
    assert.equal(against("2.12.15", { max_age: hour }), "max-age");
    assert.equal(against("2.12.15", { max_age: 3 * hour }), undefined);
  });
});
