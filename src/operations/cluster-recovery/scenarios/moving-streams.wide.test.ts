/** A stream is being moved, and the server that is to have it stands still. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultThresholds } from "../../../cluster/plan/plan-request.ts";
import { stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { jsRequest } from "../../../testing/js-request.ts";

for (const version of ["2.10", "2.15"]) {
  describe(`a stream of a cluster of ${version} that is being moved`, { timeout: 300_000 }, () => {
    it("is waited for, and its move is called off where it does not end: all of it stays where it was", async () => {
      // Nobody but n4 can take it.
      const tags = ["disk:fast"];
      await using scene = await RecoveryScene.start({
        version,
        node: (name) => (name === "n1" || name === "n4" ? { tags } : {}),
      });
      await scene.load({ name: "THREE", num_replicas: 3 });
      await scene.load({ name: "ONE", num_replicas: 1, placement: { tags } });
      await scene.cluster.add();
      await scene.cluster.ready();
      await scene.remember();
      const from = ["n1", "n2", "n3"];
      await scene.cluster.node("n4").pause();
      const move = { server: "n1", cluster: "", domain: "", tags: [] };
      await jsRequest(await scene.administer(...from), "ACCOUNT.STREAM.MOVE.APP.ONE", move);
      const earlier = await scene.missed("n4");
      const waiting = await scene.recover({}, { earlier, from, maxWaitMs: 3_000 });
      assert.deepEqual(waiting.steps, []);
      assert.ok(waiting.plan?.steps.some(({ id }) => id === "wait:move:APP/ONE"));
      const thresholds = { ...defaultThresholds, stuckMs: 5_000 };
      const outcome = await scene.recover({}, { from, thresholds, maxWaitMs: 10_000 });
      assert.deepEqual(stepsDone(outcome), ["cancel-move:APP/ONE"], outcome.summary);
      assert.deepEqual(await scene.homes("ONE"), ["n1"]);
      await scene.assertSame("ONE");
      scene.cluster.node("n4").resume();
      await scene.cluster.ready();
      assert.equal((await scene.recover()).status, "whole");
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
      assert.deepEqual(await scene.homes("ONE"), ["n1"]);
    });
  });
}
