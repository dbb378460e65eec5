/** Streams that not every server may have. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";

for (const version of ["2.10", "2.15"]) {
  describe(`placement in a cluster of ${version}`, { timeout: 300_000 }, () => {
    const fast = (names: readonly string[]) => (name: string) => ({
      tags: names.includes(name) ? ["disk:fast"] : ["disk:slow"],
    });

    it("F33, F47: a spare of the wrong tag is no spare: says which is needed, and recovers when it is there", async () => {
      await using scene = await RecoveryScene.start({ version, node: fast(["n1", "n2", "n3", "n5"]) });
      const dead = await scene.loadThreeAndOne({ placement: { tags: ["disk:fast"] } });
      await scene.cluster.add("n4");
      await scene.cluster.ready();
      await scene.backUp();
      await scene.remember();
      await scene.cluster.node(dead).terminate("SIGTERM");
      const stuck = await scene.recover({ gone: [dead] }, { earlier: await scene.missed(dead) });
      assert.deepEqual(stuck.steps, []);
      const asked = stuck.plan?.steps.find(({ kind }) => kind === "add-node");
      assert.match(`${asked?.id} ${asked?.why}`, /disk:fast/);
      await scene.cluster.add("n5");
      await scene.cluster.ready(undefined, [dead]);
      const outcome = await scene.recover({ gone: [dead] });
      assertRecovered(outcome);
      await scene.assertSame("THREE");
      await scene.assertRestored("ONE");
      assert.ok((await scene.homes("THREE")).includes("n5"), stepsDone(outcome).join(", "));
    });

    it("F31: a zone is lost with unique_tag: the replicas wait for a server of a new zone", async () => {
      const zones: Readonly<Record<string, string>> = { n1: "a", n2: "b", n3: "c", n4: "a", n5: "c" };
      const node = (name: string) => ({ tags: [`az:${zones[name]}`], jetstream: 'unique_tag: "az:"' });
      await using scene = await RecoveryScene.start({ version, node });
      await scene.load({ name: "THREE", num_replicas: 3 });
      await scene.cluster.add("n4");
      await scene.cluster.ready();
      await scene.remember();
      await scene.cluster.node("n3").terminate("SIGTERM");
      const stuck = await scene.recover({ gone: ["n3"] }, { earlier: await scene.missed("n3") });
      assert.deepEqual(stuck.steps, []);
      const asked = stuck.plan?.steps.find(({ kind }) => kind === "add-node");
      assert.match(`${asked?.id} ${asked?.why}`, /az:/);
      await scene.cluster.add("n5");
      await scene.cluster.ready(undefined, ["n3"]);
      assertRecovered(await scene.recover({ gone: ["n3"] }));
      await scene.assertSame("THREE");
      assert.deepEqual([...(await scene.homes("THREE"))].sort(), ["n1", "n2", "n5"]);
    });
  });
}
