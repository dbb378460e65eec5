/** A server was removed by hand while it led the meta group: its streams go on counting it (up to 2.14), as nobody was told to replace it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSeen } from "../../../cluster/unseen.ts";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { jsRequest } from "../../../testing/js-request.ts";

/** Removes the leader of the meta group from it, as an administrator does who takes it for any server. */
async function removeLeader(scene: RecoveryScene): Promise<string> {
  const { meta } = await scene.sample(({ meta: seen }) => isSeen(seen) && seen.leader !== null);
  const leader = isSeen(meta) ? (meta.leader ?? "") : "";
  const rest = scene.cluster.servers.map(({ name }) => name).filter((name) => name !== leader);
  // From 2.11 on a removal is answered by the leader that saw it decided, and this one is none any more: the state tells.
  await jsRequest(await scene.administer(...rest), "SERVER.REMOVE", { peer: leader }).catch(() => undefined);
  await scene.sample(
    ({ meta: seen }) => {
      if (!isSeen(seen) || seen.leader === null || seen.leader === leader || !isSeen(seen.peers)) return false;
      return seen.peers.every(({ name }) => name !== leader);
    },
    ...rest,
  );
  return leader;
}

// A new leader of 2.9 may go on listing it among the members, until it is started anew itself.
for (const version of ["2.10", "2.15"]) {
  const replaces = version !== "2.15";
  describe(`the meta leader of a cluster of ${version} was removed by hand, alive`, { timeout: 300_000 }, () => {
    const story = replaces
      ? "F34: streams that count it still get another replica, one after the other, once it is stopped"
      : "F34: the next leader replaces it in all streams, unasked";
    it(story, async () => {
      await using scene = await RecoveryScene.start({ version });
      for (const name of ["FIRST", "SECOND"]) await scene.load({ name, num_replicas: 3 });
      await scene.cluster.add();
      await scene.cluster.ready();
      await scene.remember();
      const removed = await removeLeader(scene);
      const from = scene.cluster.servers.map(({ name }) => name).filter((name) => name !== removed);
      const running = await scene.recover({}, { from });
      assert.deepEqual(running.steps, []);
      const [{ step = "", text = "", cure = "" } = {}] = running.left;
      // Where it keeps nobody from taking its place, 2.15 has replaced it by now.
      const replaced = !replaces && running.status === "whole";
      if (!replaced) {
        assert.equal(step, `ask:removed:${removed}`, running.summary);
        assert.match(`${text} ${cure}`, /has a part in APP\/FIRST and APP\/SECOND still .*: stop it/);
      }
      await scene.cluster.node(removed).terminate("SIGTERM");
      const outcome = await scene.recover({}, { from });
      const done = ["FIRST", "SECOND"].map((name) => `peer-remove:APP/${name}>${removed}`);
      if (replaces) assertRecovered(outcome);
      else assert.equal(outcome.status, "whole", outcome.summary);
      assert.deepEqual(stepsDone(outcome), replaces ? done : []);
      for (const name of ["FIRST", "SECOND"]) {
        await scene.assertSame(name);
        assert.deepEqual([...(await scene.homes(name))].sort(), from);
      }
    });
  });
}
