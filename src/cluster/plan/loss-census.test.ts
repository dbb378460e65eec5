import { describe, it } from "node:test";
import { checkPlan, type PlanRow } from "../../testing/check-plan.ts";
import { backup, before, remembered, replicated, three, whole } from "../../testing/sketch-situation.ts";

const rows: readonly PlanRow[] = [
  {
    story: "CP-63, F39, F42, F43, F44: half of all streams gone at once: stop, before more is deleted",
    situation: {
      servers: three,
      streams: [whole("C")],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"]), remembered("C", three)],
      backups: [backup("A"), backup("B")],
      words: { restore: ["APP/A"] },
    },
    outlook: "blocked",
    steps: ["ask:census blocked", "restore:APP/A later", "restore:APP/B blocked"],
  },
  {
    story: "CP-63: unless every one of them is named",
    situation: {
      servers: three,
      streams: [whole("C")],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"]), remembered("C", three)],
      backups: [backup("A"), backup("B")],
      words: { restore: ["APP/A", "APP/B"] },
    },
    outlook: "act",
    steps: ["restore:APP/A ready", "restore:APP/B ready"],
  },
  {
    story: "CP-63: what Relight deleted itself, to restore it, is no riddle and does not count",
    situation: {
      servers: three,
      streams: [whole("C"), whole("D")],
      memory: [
        remembered("A", ["n3"], { deletedAt: before(5_000) }),
        remembered("B", ["n2"]),
        remembered("C", three),
        remembered("D", three),
      ],
      backups: [backup("A"), backup("B")],
    },
    outlook: "act",
    steps: ["restore:APP/A ready", "restore:APP/B blocked"],
  },
  {
    story: "CP-63, F49: all streams with new creation times: the store is on the wrong volume",
    situation: {
      servers: three,
      streams: [
        replicated("A", ["+n3"], "n3", { lastSeq: 0, created: "2026-01-01T11:00:00Z" }),
        replicated("B", ["+n2"], "n2", { lastSeq: 0, created: "2026-01-01T11:00:00Z" }),
      ],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"])],
    },
    outlook: "blocked",
    steps: ["ask:census blocked", "ask:lost:APP/A blocked", "ask:lost:APP/B blocked"],
  },
];

describe("the plan where many streams are lost at once", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));
});
