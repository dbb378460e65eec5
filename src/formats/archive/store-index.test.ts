import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { headersOf } from "../../testing/entry-batch.ts";
import { archiveV2, type TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { packS2 } from "../../testing/test-archive.ts";
import { ArchiveInspector, type ArchiveReport } from "./archive-inspector.ts";

const config = { name: "S", subjects: ["s.>"], storage: "file" };

function convert(
  messages: readonly TestEntryV2[],
  { lastSequence, ...more }: { readonly lastSequence?: number; readonly [key: string]: unknown } = {},
): ArchiveReport {
  const state = lastSequence === undefined ? {} : { state: { last_seq: lastSequence } };
  const { archive } = editArchiveBytes(packS2(archiveV2({ messages, ...state })), {
    target: { format: "v1", config: { ...config, ...more }, created: "2026-01-02T03:04:05Z", index: true },
  });
  const inspector = new ArchiveInspector();
  inspector.push(archive);
  return inspector.end();
}

const few: readonly TestEntryV2[] = [1, 2, 5, 9, 10].map((sequence) => {
  return { sequence, name: `s.${sequence % 2}`, payload: "p" };
});

const hasIndex = ({ index, indexMatches }: ArchiveReport): boolean => index === "index.db" && indexMatches;

describe("the index of an archive that is written", () => {
  it("V1-76 agrees with the records, whatever is missing between them: nobody finds a problem", () => {
    const steps = fc.array(
      fc.tuple(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1500 })), fc.integer({ max: 9, min: 0 })),
      {
        minLength: 1,
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(steps, (drafts) => {
        let sequence = 0;
        const messages = drafts.map(([step, subject]) => {
          sequence += step;
          return { sequence, name: `s.${subject}`, payload: "x".repeat(step) };
        });
        const report = convert(messages);
        assert.deepEqual(report.problems, []);
        assert.equal(report.live.messages, messages.length);
        assert.ok(hasIndex(report));
      }),
      { numRuns: 60 },
    );
  });

  it("V1-77 is left out where a server keeps more of a message, or nothing of subjects", () => {
    assert.ok(hasIndex(convert(few)));
    assert.ok(!hasIndex(convert(few, { allow_msg_ttl: true })));
    assert.ok(!hasIndex(convert(few, { allow_msg_schedules: true })));
    assert.ok(!hasIndex(convert(few, { subjects: undefined })));
    assert.ok(hasIndex(convert(few, { subjects: undefined, mirror: { name: "O" } })));
    assert.ok(hasIndex(convert(few, { subjects: [], sources: [{ name: "O" }] })));
    const withTtl = { sequence: 11, name: "s.1", headers: headersOf({ "Nats-TTL": "1h" }), payload: "" };
    assert.ok(!hasIndex(convert([...few, withTtl])));
  });

  it("V1-77 is left out where the last sequence lies behind the last message, and of an empty stream", () => {
    assert.ok(!hasIndex(convert(few, { lastSequence: 12 })));
    assert.ok(!hasIndex(convert([], { lastSequence: 12 })));
  });

  it("V1-77 is left out where more than 65,536 sequences are missing inside blocks", () => {
    const every = (step: number, count: number): TestEntryV2[] =>
      Array.from({ length: count }, (_, index) => ({ sequence: 1 + index * step, name: "s.1", payload: "" }));
    assert.ok(hasIndex(convert(every(1001, 60))));
    assert.ok(!hasIndex(convert(every(1001, 70))));
  });
});
