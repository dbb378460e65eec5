import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { SequenceRanges } from "../../formats/sequence-ranges.ts";
import type { StreamInfo, StreamState } from "../../jetstream/api-types.ts";
import { judgeBackup } from "./judge-backup.ts";

function info(messages: number, first: number, last: number, created = "2026-01-01T00:00:00Z"): StreamInfo {
  const state: StreamState = {
    messages,
    bytes: messages * 100,
    first_seq: first,
    first_ts: created,
    last_seq: last,
    last_ts: created,
    consumer_count: 0,
  };
  return { config: { name: "S" }, created, state };
}

function report(runs: readonly (readonly [number, number])[], last: number): ArchiveReport {
  const ranges = SequenceRanges.from(runs);
  return {
    format: "v1",
    encodedBytes: 1,
    decodedBytes: 1,
    live: {
      messages: ranges.count,
      firstSequence: ranges.first,
      lastSequence: ranges.last,
      firstTime: undefined,
      lastTime: undefined,
      ranges,
    },
    lastSequence: last,
    lastSequenceBefore210: last,
    records: { total: ranges.count, erased: 0, tombstones: 0, deletedByIndex: 0 },
    index: "index.db",
    indexMatches: true,
    consumers: [],
    expired: 0,
    ttlMessages: 0,
    problems: [],
    resurrects: 0,
    liveWithoutIndexDiffers: false,
  };
}

describe("whether a backup is whole", () => {
  it("on a stream that stands still: when it holds exactly the messages", () => {
    const still = info(95, 1, 100);
    const whole = report(
      [
        [1, 90],
        [96, 100],
      ],
      100,
    );
    const verdict = judgeBackup({ before: still, after: still, state: still.state, report: whole });
    assert.ok(verdict.complete, verdict.problems.join());
    const one = judgeBackup({
      before: still,
      after: still,
      state: still.state,
      report: report(
        [
          [1, 90],
          [96, 99],
        ],
        100,
      ),
    });
    assert.ok(!one.complete);
    assert.match(one.problems.join(), /holds 94 of the at least 95/);
  });

  it("says where a server has forgotten how far the stream had come", () => {
    const [before, after] = [info(0, 101, 100), info(0, 0, 0)];
    const verdict = judgeBackup({ before, after, state: after.state, report: report([], 0) });
    assert.ok(verdict.complete, verdict.problems.join());
    assert.match(verdict.notes.join(), /had reached sequence 100 before, its snapshot says 0/);
    assert.deepEqual(judgeBackup({ before, after: before, state: before.state, report: report([], 100) }).notes, []);
  });

  it("on a stream that loses messages to its limits: those that were there throughout are required", () => {
    const before = info(100, 1, 100);
    const after = info(100, 41, 140);
    const verdict = judgeBackup({ before, after, state: before.state, report: report([[21, 110]], 110) });
    assert.ok(verdict.complete, verdict.problems.join());
    assert.equal(verdict.required, 60);
    assert.match(verdict.notes.join(), /10 messages that arrived during the backup/);
    // A block in the middle that the server skipped.
    const hole = judgeBackup({
      before,
      after,
      state: before.state,
      report: report(
        [
          [21, 50],
          [80, 100],
        ],
        110,
      ),
    });
    assert.ok(!hole.complete);
  });

  it("not when a message in the middle is missing, however many the archive holds that limits have removed since", () => {
    const before = info(100, 1, 100);
    const after = info(100, 41, 140);
    const holding = (runs: readonly (readonly [number, number])[]): ReturnType<typeof judgeBackup> =>
      judgeBackup({ before, after, state: before.state, report: report(runs, 100) });
    assert.ok(holding([[1, 100]]).complete);
    const verdict = holding([
      [1, 56],
      [58, 69],
      [81, 100],
    ]);
    assert.ok(!verdict.complete);
    assert.match(
      verdict.problems.join(),
      /holds 48 of the at least 60 .* \(sequences 41 to 100\); missing: 57, 70-80$/,
    );
  });

  it("not when the archive ends before the stream did at the start", () => {
    const still = info(0, 101, 100);
    assert.ok(judgeBackup({ before: still, after: still, state: still.state, report: report([], 100) }).complete);
    assert.ok(!judgeBackup({ before: still, after: still, state: still.state, report: report([], 0) }).complete);
  });

  it("not when the stream was deleted, or deleted and created again", () => {
    const before = info(5, 1, 5);
    const whole = report([[1, 5]], 5);
    assert.ok(!judgeBackup({ before, after: undefined, state: before.state, report: whole }).complete);
    const again = info(5, 1, 5, "2026-02-02T00:00:00Z");
    assert.ok(!judgeBackup({ before, after: again, state: before.state, report: whole }).complete);
  });

  it("not when the archive itself gives a loss away", () => {
    const still = info(5, 1, 5);
    const lossy: ArchiveReport = {
      ...report([[1, 5]], 5),
      problems: [{ code: "missing-block", severity: "fatal", message: "block 2 is missing" }],
    };
    const verdict = judgeBackup({ before: still, after: still, state: still.state, report: lossy });
    assert.ok(!verdict.complete);
    assert.deepEqual(verdict.problems, ["block 2 is missing"]);
  });
});
