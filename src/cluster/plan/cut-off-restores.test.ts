import { describe, it } from "node:test";
import { checkPlan, type PlanRow } from "../../testing/check-plan.ts";
import { backup, before, now, remembered, replicated, three } from "../../testing/sketch-situation.ts";

const rows: readonly PlanRow[] = [
  {
    story: "CP-93: a restore that was cut off is left in peace first, since the server may still be at it",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n2"], "n2", { created: now })],
      memory: [remembered("ONE", ["n3"], { deletedAt: before(6_000), restoringAt: before(5_000) })],
      backups: [backup("ONE")],
    },
    outlook: "wait",
    steps: ["wait:restore:APP/ONE waiting", "delete-stub:APP/ONE later", "restore:APP/ONE later"],
  },
  {
    story: "CP-93: and is then deleted and begun anew, however whole it looks, and also where nothing of it is seen",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n2"], "n2", { created: now })],
      memory: [
        remembered("ONE", ["n3"], { deletedAt: before(60_000), restoringAt: before(50_000) }),
        remembered("TWO", ["n3"], { deletedAt: before(60_000), restoringAt: before(50_000) }),
      ],
      backups: [backup("ONE"), backup("TWO")],
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "delete-stub:APP/TWO ready", "restore:APP/ONE later", "restore:APP/TWO later"],
  },
  {
    story: "CP-93: but not where more came since than the backup has",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n2"], "n2", { created: now, lastSeq: 501 })],
      memory: [remembered("ONE", ["n3"], { deletedAt: before(60_000), restoringAt: before(50_000) })],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
];

describe("the plan for what a restore was cut off of", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));
});
