/** Replicas of one stream that do not hold the same, or do not become the same: a person decides, and has the bad one replaced. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { takePicture } from "../../../cluster/observe/take-picture.ts";
import { cureOf } from "../../../cluster/verify/cure.ts";
import type { VerifiedStream } from "../../../cluster/verify/verified-stream.ts";
import { flipByte } from "../../../testing/cluster-harness/flip-byte.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { fillStream } from "../../../testing/fill.ts";
import { jsRequest } from "../../../testing/js-request.ts";
import { changeStream } from "../../cluster-change/change-stream.ts";
import { verifyCluster } from "../../cluster-verify/verify-cluster.ts";

/** `relight cluster verify --deep --stream THREE`: every replica is read. */
async function verify(
  scene: RecoveryScene,
): Promise<{ readonly found: VerifiedStream; readonly cure: readonly string[] }> {
  await using eyes = await scene.open();
  const picture = await takePicture({ account: eyes.session.api, system: eyes.system, gapMs: 1_500 });
  const { streams } = await verifyCluster({ picture, streams: ["THREE"], deep: true, account: eyes.session.api });
  const [found] = streams;
  assert.ok(found);
  return { found, cure: cureOf(found, picture) };
}

/** `relight stream cluster peer-remove THREE <server>`, without --force. */
async function replace(scene: RecoveryScene, server: string): Promise<void> {
  await using eyes = await scene.open();
  const outcome = await changeStream({
    change: { verb: "peer-remove", stream: "THREE", server },
    account: eyes.session,
    system: eyes.system,
    ledger: scene.ledger,
    force: false,
    dryRun: false,
    tool: "relight test",
  });
  assert.equal(outcome.status, "done", JSON.stringify(outcome));
}

for (const version of ["2.9", "2.10", "2.15"]) {
  describe(`replicas of a cluster of ${version} that differ`, { timeout: 300_000 }, () => {
    it("F41: one that lost messages: nothing is done unasked; when all were read it is replaced, as is advised, and all are the same", async () => {
      await using scene = await RecoveryScene.start({ version });
      // More than one block of 8 MB: the last one is held against its checksum when the server starts.
      await scene.load({ name: "THREE", num_replicas: 3 }, 30_000);
      await scene.cluster.add();
      await scene.cluster.ready();
      await scene.remember();
      const [, victim = ""] = await scene.homes("THREE");
      const server = scene.cluster.node(victim);
      await server.terminate("SIGTERM");
      await flipByte(server, "APP", "THREE");
      await rm(join(server.storeDirectory, "jetstream", "APP", "streams", "THREE", "msgs", "index.db"), {
        force: true,
      });
      await server.launch();
      await scene.cluster.ready();
      const outcome = await scene.recover({}, { maxWaitMs: 20_000 });
      assert.deepEqual(outcome.steps, []);
      // A server of 2.9 counts what it cannot read: only reading it tells.
      if (version !== "2.9") {
        assert.equal(outcome.status, "left", outcome.summary);
        assert.equal(outcome.left[0]?.step, "ask:diverged:APP/THREE", JSON.stringify(outcome.left));
      }
      const { found, cure } = await verify(scene);
      assert.equal(found.verdict, "damaged", found.reason);
      const advice = new RegExp(`Have it replaced, by n4: relight stream cluster peer-remove THREE ${victim}$`, "m");
      assert.match(cure.join("\n"), advice);
      await replace(scene, victim);
      await scene.assertSame("THREE");
      assert.equal((await verify(scene)).found.verdict, "proven");
      assert.equal((await scene.recover()).status, "whole");
    });

    it("F41: one that never catches up, since its server is full, is not waited for: a person has another server take its place", async () => {
      // It has no room for all that comes.
      const node = (name: string) => (name === "n3" ? { maxFileStore: 150_000 } : {});
      await using scene = await RecoveryScene.start({ version, node });
      await scene.load({ name: "THREE", num_replicas: 3 }, 200);
      const nc = await scene.connect("n1", "n2");
      // A leader without room would take nothing more.
      while ((await scene.homes("THREE"))[0] === "n3") {
        await jsRequest(nc, "STREAM.LEADER.STEPDOWN.THREE");
        await sleep(1_000);
      }
      await fillStream(nc, "THREE", { messages: 600, size: 300, kind: "json", subjects: ["three.a"] });
      await scene.cluster.add();
      await scene.remember();
      const outcome = await scene.recover({}, { maxWaitMs: 60_000 });
      assert.deepEqual(outcome.steps, []);
      assert.equal(outcome.left[0]?.step, "ask:full:APP/THREE", JSON.stringify(outcome.left));
      assert.match(outcome.left[0]?.cure ?? "", /Give n3 more storage, .*stream cluster peer-remove THREE n3/);
      await replace(scene, "n3");
      // A consumer whose leader was behind with the stream counted too few as pending.
      await scene.assertSame("THREE", { consumerState: ["num_pending"] });
      assert.deepEqual([...(await scene.homes("THREE"))].sort(), ["n1", "n2", "n4"]);
      assert.equal((await verify(scene)).found.verdict, "proven");
      assert.equal((await scene.recover()).status, "whole");
    });
  });
}
