/** The snapshot of the meta group is damaged on one server, by one flipped bit: it no longer knows what is its own. */
import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isSeen } from "../../../cluster/unseen.ts";
import { isRelightError } from "../../../errors.ts";
import type { LocalServer } from "../../../local/local-server.ts";
import { flipByteOfMeta } from "../../../testing/cluster-harness/flip-byte.ts";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { jsRequest } from "../../../testing/js-request.ts";

/** As the plan advises. */
async function takeMemoryAway(server: LocalServer): Promise<void> {
  await server.terminate("SIGTERM");
  const meta = join(server.storeDirectory, "jetstream", "SYS", "_js_", "_meta_");
  await rename(meta, join(server.directory, "meta-away"));
  await server.launch();
}

/** THREE and ONE are in the snapshot, LATER is not; the damaged server was killed. */
async function damage(scene: RecoveryScene): Promise<LocalServer> {
  const server = scene.cluster.node(await scene.loadThreeAndOne());
  const admin = await scene.administer();
  const leads = async (): Promise<boolean> => {
    const { meta } = await scene.sample(({ meta: seen }) => isSeen(seen) && seen.leader !== null);
    return isSeen(meta) && meta.leader === server.name;
  };
  // A new leader gives everyone its own memory.
  while (await leads()) {
    await jsRequest(admin, "META.LEADER.STEPDOWN");
    await scene.cluster.ready();
  }
  // It writes one when it ends gracefully.
  await server.restart();
  await scene.cluster.ready();
  await scene.load({ name: "LATER", num_replicas: 3 });
  await scene.backUp();
  await scene.remember();
  await server.kill();
  await flipByteOfMeta(server);
  return server;
}

for (const version of ["2.9", "2.10"]) {
  describe(`a server of ${version} whose memory of the meta group is damaged`, { timeout: 300_000 }, () => {
    it("F44, F48: first serves a stream beside those who have it, then deletes it: nothing is done before a person has taken its memory away", async () => {
      await using scene = await RecoveryScene.start({ version });
      const server = await damage(scene);
      await server.launch();
      await scene.cluster.ready();
      // 2.10 waits for half a minute before it deletes what it does not know, and serves that meanwhile.
      const early = await scene.plan();
      if (version === "2.10") {
        assert.equal(early.outlook, "hold", JSON.stringify(early.steps));
        assert.match(early.summary, new RegExp(`more than one server may lead .*APP/THREE: .*${server.name}`));
      }
      await scene.sample(({ accounts }) => {
        const streams = accounts.flatMap((account) => account.streams);
        const one = streams.find(({ name }) => name === "ONE");
        return one !== undefined && Array.isArray(one.replicas) && one.replicas.length === 0;
      });
      const stuck = await scene.recover({}, { maxWaitMs: 60_000 });
      await takeMemoryAway(server);
      await scene.cluster.ready();
      const outcome = await scene.recover();
      for (const name of ["THREE", "LATER"]) await scene.assertSame(name);
      await scene.assertRestored("ONE");
      assert.deepEqual(stuck.steps, []);
      assert.equal(stuck.left[0]?.step, `ask:memory:${server.name}`);
      assertRecovered(outcome);
      assert.deepEqual(stepsDone(outcome), ["delete-stub:APP/ONE", "restore:APP/ONE"]);
    });
  });
}

describe("a server of 2.15 whose memory of the meta group is damaged", { timeout: 300_000 }, () => {
  it("F44: does not start: it is waited for, and has all it had when its memory was taken away", async () => {
    await using scene = await RecoveryScene.start({ version: "2.15" });
    const server = await damage(scene);
    await assert.rejects(server.launch(), (error) => {
      return isRelightError(error, "SERVER_START_FAILED") && /snapshot corrupt/.test(error.message);
    });
    const earlier = await scene.missed(server.name);
    const waiting = await scene.recover({}, { earlier, maxWaitMs: 3_000 });
    assert.deepEqual(waiting.steps, []);
    assert.match(JSON.stringify(waiting.left), new RegExp(`wait:server:${server.name}`));
    await takeMemoryAway(server);
    await scene.cluster.ready();
    assert.equal((await scene.recover()).status, "whole");
    for (const name of ["THREE", "ONE", "LATER"]) await scene.assertSame(name);
  });
});
