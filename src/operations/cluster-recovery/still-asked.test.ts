import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf, stepOf } from "../../testing/check-plan.ts";
import { backup, remembered, replicated, type Situation, three } from "../../testing/sketch-situation.ts";
import { stillAsked } from "./still-asked.ts";

const late = { name: "late", durable: true, replicas: 1, servers: ["n3"], delivered: 5, ackFloor: 5 };
const emptied = (name: string): ReturnType<typeof replicated> => replicated(name, ["+n3"], "n3", { lastSeq: 0 });
const situation: Situation = {
  servers: three,
  streams: [emptied("ONE"), emptied("TWO")],
  memory: [remembered("ONE", ["n3"], { consumers: [late] }), remembered("TWO", ["n3"], { consumers: [late] })],
  backups: [backup("ONE", 500, { consumers: [] }), backup("TWO", 500, { consumers: [] })],
};

describe("what is still asked of a person after a step", () => {
  it("CP-105: is, of a restore, the consumers of that stream which the backup lacks, and where they have to go on", () => {
    const asked = stillAsked(stepOf(situation, "restore:APP/ONE"), planOf(situation));
    assert.deepEqual(
      asked.map(({ step }) => step),
      ["ask:consumer:APP/ONE > late"],
    );
    assert.match(asked[0]?.text ?? "", /late had acknowledged up to 5, and is not in the backup/);
    assert.match(asked[0]?.cure ?? "", /opt_start_seq 6/);
  });

  it("is nothing of other steps", () => {
    assert.deepEqual(stillAsked(stepOf(situation, "delete-stub:APP/ONE"), planOf(situation)), []);
  });
});
