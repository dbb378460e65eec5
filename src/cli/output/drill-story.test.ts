import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DrillEvent, DrillReport } from "../../operations/cluster-drill/drill-report.ts";
import { DrillStory } from "./drill-story.ts";

const report: DrillReport = {
  version: "2.15.1",
  servers: ["n1", "n2", "n3", "n4"],
  spare: "n4",
  killed: "n2",
  lost: [],
  steps: [],
  whole: true,
  left: [],
  streams: [{ stream: "ORDERS", messages: 5_197, consumers: 2, differences: [], notes: [] }],
  passed: true,
  seconds: { start: 1, load: 3, backup: 0.5, missed: 10, recovery: 9.6, compare: 0.2, total: 42 },
  directory: null,
};

function told(events: readonly DrillEvent[], end?: DrillReport): string {
  let text = "";
  const story = new DrillStory((more) => {
    text += more;
  }, false);
  for (const event of events) story.tell(event);
  if (end) story.end(end);
  return text;
}

describe("the story of a drill", () => {
  it("says what was lost, and what is written meanwhile, in a few lines", () => {
    const text = told([
      {
        kind: "killed",
        server: "n2",
        lost: [
          { stream: "ORDERS", left: 2 },
          { stream: "AUDIT", left: 0 },
        ],
      },
      { kind: "written", stream: "ORDERS", messages: 200 },
      { kind: "missed", server: "n2", seconds: 10.2, waitMs: 12_000 },
    ]);
    assert.equal(
      text,
      "\nLose n2\n  n2 is killed, and its disk is gone\n  AUDIT had its only replica there\n  ORDERS has 2 replicas left\n" +
        "  meanwhile 200 more messages went into ORDERS: acknowledged, and in no backup\n" +
        "  the cluster missed n2 after 10 s; one look is not enough, so 12 s later a second\n",
    );
  });

  it("ends with the time that it took where everything came back", () => {
    const text = told([], report);
    assert.match(
      text,
      /^\nNothing was lost: 5,197 messages\. From "gone" to whole and verified 9\.6 s, the whole drill 42 s\.\n$/,
    );
  });

  it("names a step that failed with its reason, what is left, what differs, and where to look", () => {
    const failed = {
      stream: "AUDIT",
      messages: 0,
      consumers: 0,
      differences: ["missing: 1 message (sequence 3)"],
      notes: [],
    };
    const text = told(
      [
        {
          kind: "step",
          step: { id: "restore:APP/AUDIT", kind: "restore", why: "no room", state: "failed", seconds: 1 },
        },
        { kind: "recovered", seconds: 12, whole: false, left: ["AUDIT is not back"] },
        { kind: "compared", comparison: failed },
      ],
      { ...report, whole: false, passed: false, streams: [failed] },
    );
    assert.match(text, /✗ restore APP\/AUDIT +1\.0 s {2}no room/);
    assert.match(text, /FAILED: after 12 s this is left:\n {4}AUDIT is not back/);
    assert.match(text, /✗ AUDIT +differs\n {6}missing: 1 message \(sequence 3\)/);
    assert.match(text, /THE DRILL FAILED, after 42 s: not everything came back as it was\.\nRun it with --keep/);
  });
});
