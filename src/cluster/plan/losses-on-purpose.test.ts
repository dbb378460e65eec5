import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planLines, planOf } from "../../testing/check-plan.ts";
import {
  backup,
  before,
  now,
  remembered,
  rememberingServer,
  replicated,
  three,
  unanswered,
  whole,
} from "../../testing/sketch-situation.ts";

const rows: readonly PlanRow[] = [
  {
    story: "CP-61: one that was written to since is not replaced without a word",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 20 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-62: a stream that is gone may have been deleted on purpose",
    situation: { servers: three, memory: [remembered("ONE", ["n3"])], backups: [backup("ONE")] },
    outlook: "blocked",
    steps: ["restore:APP/ONE blocked"],
  },
  {
    story:
      "CP-62: what Relight deleted itself is known to be gone as soon as one look shows it, and is restored unasked",
    situation: {
      servers: three,
      memory: [remembered("ONE", ["n3"], { deletedAt: before(3_000) })],
      backups: [backup("ONE")],
      earlier: (sample) => ({
        ...sample,
        accounts: [{ name: "APP", inventory: "complete", streams: [unanswered("ONE")] }],
      }),
    },
    outlook: "act",
    steps: ["restore:APP/ONE ready"],
  },
  {
    story: "CP-61: what came under the name after Relight deleted it is not deleted again without a word",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { created: now, lastSeq: 20 })],
      memory: [remembered("ONE", ["n3"], { deletedAt: before(60_000) })],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-62, F42: one that nobody remembers is restored where it is named",
    situation: { servers: three, streams: [whole()], backups: [backup("ONE")], words: { restore: ["APP/ONE"] } },
    outlook: "act",
    steps: ["restore:APP/ONE ready"],
  },
  {
    story: "CP-62, F42: unnamed it is no more than a note, as it may have been deleted long ago",
    situation: { servers: three, streams: [whole()], backups: [backup("ONE")] },
    outlook: "whole",
    steps: [],
  },
  {
    story: "CP-62: and is restored where it is named",
    situation: {
      servers: three,
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      words: { restore: ["APP/ONE"] },
    },
    outlook: "act",
    steps: ["restore:APP/ONE ready"],
  },
];

describe("what only a backup knows", () => {
  const notes = (words: object): string => planOf({ servers: three, backups: [backup("ONE")], words }).notes.join("\n");

  it("CP-62, F42: is told of, with how it is restored, until it is named", () => {
    assert.match(notes({}), /neither has nor remembers: ONE\. To restore one: --restore APP\/ONE\.$/);
    assert.equal(notes({ restore: ["APP/ONE"] }), "");
  });

  it("CP-93: is begun anew where its restore was cut off", () => {
    const half = replicated("ONE", ["+n1"], "n1", { created: now, lastSeq: 20 });
    const cutOff = remembered("ONE", [], { counters: null, countersAt: null, restoringAt: before(60_000) });
    const lines = planLines({ servers: three, streams: [half], memory: [cutOff], backups: [backup("ONE")] });
    assert.deepEqual(
      lines.map((line) => line.replace(" safe", "")),
      ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
    );
  });
});

describe("a stream that went with the server that Relight removed", () => {
  const vanished = (seenMs: number, removedMs: number | null): readonly string[] =>
    planLines({
      servers: three,
      memory: [remembered("ONE", ["n4"], { seenAt: before(seenMs) })],
      backups: [backup("ONE")],
      ledger: rememberingServer("n4", 900_000, removedMs),
    });

  it("CP-62: is no riddle, and restored; one that was there for longer, or is missing without a removal, is asked about", () => {
    assert.deepEqual(vanished(20_000, 15_000), ["restore:APP/ONE ready safe"]);
    assert.deepEqual(vanished(3_600_000, 7_200_000), ["restore:APP/ONE blocked"]);
    assert.deepEqual(vanished(20_000, null), ["restore:APP/ONE blocked"]);
  });
});

describe("the plan for what is gone, or was made anew, perhaps on purpose", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));
});
