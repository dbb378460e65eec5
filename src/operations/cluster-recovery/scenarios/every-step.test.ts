/** Each kind of step has a story in which it is carried out on real servers: a plan is worth what was seen to come of it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

/** Those that are for a person, or for time. */
const nothingDone: readonly string[] = ["wait", "ask", "add-node"];

describe("the stories of clusters that are recovered", () => {
  const directory = import.meta.dirname;
  const stories = readdirSync(directory)
    .filter((name) => name.endsWith(".test.ts") && !import.meta.filename.endsWith(name))
    .map((name) => readFileSync(join(directory, name), "utf8"));
  const schema = readFileSync(join(directory, "../../../../schemas/cluster-plan.json"), "utf8");
  const { $defs } = JSON.parse(schema) as { $defs: { step: { properties: { kind: { enum: string[] } } } } };
  const kinds = $defs.step.properties.kind.enum.filter((kind) => !nothingDone.includes(kind));

  for (const id of [...kinds.map((kind) => `${kind}:`), "peer-remove:APP/"]) {
    it(`have one in which ${id} is done`, () => {
      assert.ok(stories.some((story) => new RegExp(`["\`]${id}`).test(story)));
    });
  }
});
