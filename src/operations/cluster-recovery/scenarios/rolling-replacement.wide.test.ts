/** Every node is replaced by a new one, one after the other. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";

/** Stops a node for good: Relight removes it, and all is whole without it. */
async function stopAndRemove(scene: RecoveryScene, old: string): Promise<void> {
  await scene.cluster.node(old).terminate("SIGTERM");
  assertRecovered(await scene.recover({ gone: [old] }, { earlier: await scene.missed(old) }));
  await scene.cluster.discard(old);
  await scene.cluster.ready();
}

for (const version of ["2.10", "2.15"]) {
  describe(`all three nodes of a cluster of ${version} are replaced`, { timeout: 580_000 }, () => {
    it("F34, F35, F36: each is emptied while it lives, stopped by a person, and removed; no peer of the old ones is left", async () => {
      await using scene = await RecoveryScene.start({ version });
      await scene.loadThreeAndOne();
      await scene.backUp();
      await scene.remember();
      for (const old of ["n1", "n2", "n3"]) {
        await scene.cluster.add();
        await scene.cluster.ready();
        const drained = await scene.recover({ drain: [old] }, { maxWaitMs: 60_000 });
        assert.equal(drained.status, "left", `${drained.summary} ${JSON.stringify(drained.left)}`);
        const done = stepsDone(drained);
        assert.ok(done.includes(version === "2.15" ? `evacuate:${old}` : `move:APP/THREE off ${old}`), done.join(", "));
        assert.ok(!(await scene.homes("THREE")).includes(old), done.join(", "));
        assert.ok(!(await scene.homes("ONE")).includes(old));
        await stopAndRemove(scene, old);
      }
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
      assert.deepEqual([...(await scene.homes("THREE"))].sort(), ["n4", "n5", "n6"]);
    });

    it("F31, F34: each dies, and is replaced by a spare; the R1 comes from its backup each time it has to", async () => {
      await using scene = await RecoveryScene.start({ version });
      await scene.loadThreeAndOne();
      await scene.backUp();
      await scene.remember();
      for (const old of ["n1", "n2", "n3"]) {
        await scene.cluster.add();
        await scene.cluster.ready();
        await stopAndRemove(scene, old);
      }
      await scene.assertSame("THREE");
      await scene.assertRestored("ONE");
      assert.deepEqual([...(await scene.homes("THREE"))].sort(), ["n4", "n5", "n6"]);
    });
  });
}
