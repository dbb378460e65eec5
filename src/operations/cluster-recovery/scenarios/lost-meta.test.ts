/** Two of three nodes are gone: nobody decides anything any more, and what is left has all there is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { scenarioVersions } from "../../../testing/cluster-harness/scenario-versions.ts";
import { readStream } from "../../../testing/read-stream.ts";
import { readBackup } from "../../stream-restore/read-backup.ts";
import { restoreStreams } from "../../stream-restore/restore-streams.ts";
import { recoveryPlaces } from "../recovery-places.ts";

/** Two of the nodes that hold R3 streams only, and the one that has the R1. */
async function loseTwo(scene: RecoveryScene): Promise<{ readonly dead: readonly string[]; readonly left: string }> {
  const left = await scene.loadThreeAndOne();
  const dead = scene.cluster.servers.map(({ name }) => name).filter((name) => name !== left);
  await scene.remember();
  for (const name of dead) await scene.cluster.wipe(name);
  return { dead, left };
}

for (const version of scenarioVersions(["2.15"], ["2.15"])) {
  describe(`the meta group of ${version} has lost its quorum`, { timeout: 300_000 }, () => {
    it("F37, F38: the survivor is read first, the quorum is lowered, the dead are removed, and new servers fill up", async () => {
      await using scene = await RecoveryScene.start({ version });
      const { dead } = await loseTwo(scene);
      const careful = await scene.recover({}, { maxWaitMs: 1_000 });
      assert.deepEqual(careful.steps, []);
      const outcome = await scene.recover({ gone: dead, withoutSpare: true });
      const done = stepsDone(outcome);
      assert.ok(done.includes("meta-rescue:meta"), `${outcome.summary} ${done.join(", ")}`);
      assert.ok(done.indexOf("back-up-first:APP/ONE") < done.indexOf("meta-rescue:meta"), done.join(", "));
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
      for (const name of dead) await scene.cluster.discard(name);
      await scene.cluster.add();
      await scene.cluster.add();
      await scene.cluster.ready();
      while ((await scene.homes("THREE")).length < 3) await sleep(200);
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
    });
  });
}

for (const version of scenarioVersions(["2.9", "2.10"], [])) {
  describe(`the meta group of ${version} has lost its quorum`, { timeout: 580_000 }, () => {
    it("F37: says how many new servers it takes, and recovers when they are there", async () => {
      await using scene = await RecoveryScene.start({ version });
      const { dead } = await loseTwo(scene);
      const stuck = await scene.recover({ gone: dead });
      assert.ok(
        stepsDone(stuck).every((id) => /^(?:back-up-first|salvage):/.test(id)),
        stepsDone(stuck).join(", "),
      );
      assert.ok(
        stuck.left.some(({ text }) => /2 new servers/.test(text)),
        JSON.stringify(stuck.left),
      );
      // Of three, two are dead: with two more, three of five answer.
      await scene.cluster.add();
      await scene.cluster.add();
      await scene.cluster.ready(undefined, dead);
      // Nobody has told the new leader that they are stopped: it takes up to three minutes to call them offline.
      const outcome = await scene.recover({ gone: dead }, { maxWaitMs: 300_000 });
      assertRecovered(outcome);
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
      assert.equal((await scene.homes("THREE")).length, 3);
    });
  });
}

// From 2.12 to 2.14 there is neither way: all the old names, or a new cluster.
for (const version of scenarioVersions(["2.14"], [])) {
  describe(`the meta group of ${version} has lost its quorum for good`, { timeout: 300_000 }, () => {
    it("F38, CP-13: what is left is read, and is whole in a new cluster; so is the old one with empty servers of all its names", async () => {
      await using scene = await RecoveryScene.start({ version });
      const { dead } = await loseTwo(scene);
      const nc = await scene.connect();
      const stuck = await scene.recover({ gone: dead });
      assert.deepEqual([...stepsDone(stuck)].sort(), ["back-up-first:APP/ONE", "salvage:APP/THREE"], stuck.summary);
      assert.match(stuck.left.map(({ cure }) => cure).join(), /all the old names.*relight account restore/);
      const { newBackups } = recoveryPlaces(scene.ledger);

      await Promise.all(dead.map((name) => scene.cluster.node(name).launch()));
      await scene.cluster.ready();
      for (const name of ["THREE", "ONE"]) await scene.assertSame(name);
      const contents = [await readStream(nc, "THREE"), await readStream(nc, "ONE")];
      await scene.cluster.stop();

      await using fresh = await RecoveryScene.start({ version });
      fresh.bring(contents, newBackups);
      await using eyes = await fresh.open();
      const stored = await readBackup(newBackups);
      const results = await restoreStreams(eyes.session, {
        stored,
        wishes: { ifExists: "fail" },
        tool: "relight test",
      });
      assert.deepEqual(
        results.map(({ status }) => status),
        ["restored", "restored"],
      );
      await fresh.assertSame("THREE", { noConsumers: true });
      await fresh.assertSame("ONE");
    });
  });
}
