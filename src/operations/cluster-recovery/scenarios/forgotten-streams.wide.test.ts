/** Streams that servers no longer know of, or delete from their own disks, although nobody asked them to. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { LocalServer } from "../../../local/local-server.ts";
import { loadStream } from "../../../testing/cluster-harness/load-stream.ts";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { JsApiError, jsRequest } from "../../../testing/js-request.ts";
import { openTestSession } from "../../../testing/open-test-session.ts";
import { readStream } from "../../../testing/read-stream.ts";
import { backupAccount } from "../../account-backup/backup-account.ts";

/** Until it is gone: servers that have just been started may not answer. */
async function deleteStream(nc: NatsConnection, stream: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await jsRequest(nc, `STREAM.DELETE.${stream}`);
    } catch (error) {
      if (error instanceof JsApiError && error.code === 404) return;
      if (Date.now() > deadline) throw error;
    }
  }
}

async function killAll({ cluster }: RecoveryScene): Promise<void> {
  await Promise.all(cluster.servers.map((server) => server.kill()));
  await Promise.all(cluster.servers.map((server) => server.launch()));
  await cluster.ready();
}

for (const version of ["2.10", "2.15"]) {
  describe(`streams that a cluster of ${version} forgets`, { timeout: 300_000 }, () => {
    it("F42: a server alone becomes a member of a new cluster, and deletes its streams: its backups are told of, and restored where they are named", async () => {
      const directory = await mkdtemp(join(tmpdir(), "relight-alone-"));
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
      const storeDirectory = join(directory, "store");
      const alone = await LocalServer.start({ version, name: "n1", systemAccount: true, storeDirectory });
      cleanup.use(alone);
      const session = await openTestSession(alone.url);
      const nc = session.api.connection;
      for (const name of ["FIRST", "SECOND"]) await loadStream(nc, { name });
      const contents = [await readStream(nc, "FIRST"), await readStream(nc, "SECOND")];
      const backup = join(directory, "all");
      const { results } = await backupAccount(session, { directory: backup, tool: "relight test" });
      assert.deepEqual(
        results.map(({ status }) => status),
        ["backed-up", "backed-up"],
      );
      await session[Symbol.asyncDispose]();
      await alone.terminate("SIGTERM");
      const node = (name: string) => (name === "n1" ? { storeDirectory } : {});
      await using scene = await RecoveryScene.start({ version, node });
      scene.bring(contents, backup);
      const { total } = await jsRequest<{ total: number }>(await scene.connect(), "STREAM.NAMES");
      assert.equal(total, 0, "the cluster knows none of them");
      const home = (stream: string): string => join(storeDirectory, "jetstream", "APP", "streams", stream);
      // Half a minute after its start the server deletes what the meta group does not know.
      while (existsSync(home("FIRST")) || existsSync(home("SECOND"))) await sleep(500);
      const blank = await scene.recover();
      assert.equal(blank.status, "whole", blank.summary);
      assert.match(blank.plan?.notes.join() ?? "", /neither has nor remembers: FIRST and SECOND\. .*--restore/);
      const outcome = await scene.recover({ restore: ["APP/FIRST", "APP/SECOND"] });
      assertRecovered(outcome);
      assert.deepEqual(stepsDone(outcome), ["restore:APP/FIRST", "restore:APP/SECOND"]);
      // The backup is of a server alone: of one in a cluster of 2.15 consumers would go on behind their last acknowledgement.
      await scene.assertSame("FIRST");
      await scene.assertSame("SECOND");
    });

    it("F43: all nodes are killed at once: nothing is forgotten; what is missing is restored where it is named", async () => {
      await using scene = await RecoveryScene.start({ version });
      for (const name of ["FIRST", "SECOND", "THIRD"]) await scene.load({ name, num_replicas: 3 });
      await scene.backUp();
      await scene.remember();
      for (let round = 0; round < 3; round++) await killAll(scene);
      assert.equal((await scene.recover()).status, "whole");
      for (const name of ["FIRST", "SECOND", "THIRD"]) await scene.assertSame(name);
      // What 2.10.20 to 2.10.22 did then looks so from outside: a stream is not known any more to servers that were started anew.
      await killAll(scene);
      await deleteStream(await scene.connect(), "SECOND");
      const stuck = await scene.recover({}, { maxWaitMs: 5_000 });
      assert.deepEqual(stuck.steps, []);
      assert.match(JSON.stringify(stuck.left), /restore:APP\/SECOND.*is not known any more: by a person, or lost\?/);
      const outcome = await scene.recover({ restore: ["APP/SECOND"] });
      assertRecovered(outcome);
      assert.deepEqual(stepsDone(outcome), ["restore:APP/SECOND", "scale-up:APP/SECOND"]);
      for (const name of ["FIRST", "THIRD"]) await scene.assertSame(name);
      await scene.assertRestored("SECOND");
    });
  });
}
