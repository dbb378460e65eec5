import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { Looks } from "./looks.ts";
import { performTogether } from "./perform-together.ts";

const steps = ["restore:APP/A", "restore:APP/B", "restore:APP/C"].map((id) => ({ id }) as PlanStep);

describe("steps that are done at the same time", () => {
  it("CA-11: all end, and what failed is told of each; the account is looked at once for all", async () => {
    let looks = 0;
    const api = {
      accountInfo: async () => ({}),
      streamNames: async () => {
        looks++;
        return [];
      },
      connection: { info: {} },
    };
    const session = { api } as unknown as Session;
    const ended: string[] = [];
    const failed = await performTogether(steps, async ({ id }, targetOf) => {
      await targetOf(session);
      if (id.endsWith("A")) return new RelightError("TIMEOUT", "no answer");
      await sleep(20);
      ended.push(id);
      return null;
    });
    assert.deepEqual(
      failed.map(({ step, error }) => [step.id, error.code]),
      [["restore:APP/A", "TIMEOUT"]],
    );
    assert.deepEqual([ended, looks], [["restore:APP/B", "restore:APP/C"], 1]);
  });

  it("CA-11: nothing goes on behind an error that ends the run", async () => {
    const ended: string[] = [];
    const run = performTogether(steps, async ({ id }) => {
      if (id.endsWith("A")) throw new RelightError("FILE_SYSTEM", "the disk is full");
      await sleep(20);
      ended.push(id);
      return null;
    });
    await assert.rejects(run, { code: "FILE_SYSTEM" });
    assert.equal(ended.length, 2);
  });

  it("share their looks: who asks while one is under way has the one after it", async () => {
    const unused = { account: undefined, system: undefined, earlier: undefined, signal: undefined, onWait: () => {} };
    const looks = new Looks(unused);
    const first = looks.look();
    const [second, third] = await Promise.all([looks.look(), looks.look()]);
    assert.equal(second, third);
    assert.notEqual(await first, second);
    assert.equal(looks.last, second);
  });
});
