/** What hangs on a stream: consumers of a single replica, mirrors, sources. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { StreamConfig } from "../../../jetstream/api-types.ts";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { jsRequest } from "../../../testing/js-request.ts";
import { publishAll } from "../../../testing/publish.ts";
import { fetchMessages } from "../../../testing/pull.ts";
import type { StreamFacts } from "../../../testing/stream-info.ts";
import { createConsumer } from "../../../testing/stream-setup.ts";
import { readBackup } from "../../stream-restore/read-backup.ts";
import { restoreStreams } from "../../stream-restore/restore-streams.ts";
import { recoveryPlaces } from "../recovery-places.ts";

interface ConsumerFacts {
  readonly delivered: { readonly stream_seq: number };
  readonly ack_floor: { readonly stream_seq: number };
  readonly cluster: { readonly leader?: string };
}

/** `relight stream restore <what back-up-first made> --if-exists replace`. */
async function restoreFrom(scene: RecoveryScene, stream: string, sources?: readonly object[]): Promise<void> {
  const { newBackups } = recoveryPlaces(scene.ledger);
  const made = readdirSync(newBackups).filter((name) => name.startsWith(`${stream}.back-up-first-`));
  assert.equal(made.length, 1, made.join(", "));
  await using eyes = await scene.open();
  const config = { ...(await eyes.session.api.streamInfo(stream)).config, sources } as unknown as StreamConfig;
  const [result] = await restoreStreams(eyes.session, {
    stored: await readBackup(join(newBackups, made[0] ?? "")),
    wishes: { ifExists: "replace", ...(sources === undefined ? {} : { config }) },
    tool: "relight test",
    safetyDirectory: join(scene.directory, "safety"),
  });
  assert.equal(result?.status, "restored", JSON.stringify(result));
}

/** Once nothing has come to it for two seconds. */
async function settled(scene: RecoveryScene, stream: string): Promise<StreamFacts> {
  const nc = await scene.connect();
  const look = (): Promise<StreamFacts> => jsRequest<StreamFacts>(nc, `STREAM.INFO.${stream}`);
  for (let before = await look(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const now = await look();
    if (now.state.last_seq === before.state.last_seq && now.state.messages > 300) return now;
    before = now;
  }
}

for (const version of ["2.10", "2.15"]) {
  describe(`what hangs on a stream in a cluster of ${version}`, { timeout: 300_000 }, () => {
    it("F05: a consumer with one replica, of a stream with three, is led again, and where it was set back that is said", async () => {
      await using scene = await RecoveryScene.start({ version });
      await scene.load({ name: "THREE", num_replicas: 3 });
      const nc = await scene.connect();
      await createConsumer(nc, "THREE", { durable_name: "single", num_replicas: 1, ack_policy: "explicit" });
      for (const { reply } of await fetchMessages(nc, "THREE", "single", 30)) await nc.request(reply, "+ACK");
      const facts = async (): Promise<ConsumerFacts> => {
        const connection = await scene.connect();
        return await jsRequest<ConsumerFacts>(connection, "CONSUMER.INFO.THREE.single");
      };
      while ((await facts()).ack_floor.stream_seq < 30) await new Promise((resolve) => setTimeout(resolve, 50));
      const dead = (await facts()).cluster.leader ?? "";
      await scene.cluster.add();
      await scene.cluster.ready();
      await scene.backUp();
      await scene.remember();
      await scene.cluster.node(dead).terminate("SIGTERM");
      // Of an archive up to 2.14 it may be missing; it is in the backup all the same.
      const manifest = JSON.parse(readFileSync(join(scene.directory, "backup-1", "THREE", "relight.json"), "utf8")) as {
        readonly consumers: readonly { readonly name: string; readonly ack_floor: { readonly stream_seq: number } }[];
      };
      const saved = manifest.consumers.find(({ name }) => name === "single");
      assert.equal(saved?.ack_floor.stream_seq, 30);
      const outcome = await scene.recover({ gone: [dead] }, { earlier: await scene.missed(dead) });
      assert.ok(stepsDone(outcome).includes(`peer-remove:${dead}`), outcome.summary);
      await scene.assertSame("THREE", {
        missingConsumers: ({ name }) => name === "single",
        consumerState: [
          "delivered.consumer_seq",
          "delivered.stream_seq",
          "ack_floor.consumer_seq",
          "ack_floor.stream_seq",
          "num_pending",
          "num_ack_pending",
          "num_redelivered",
        ],
      });
      const after = await facts();
      assert.notEqual(after.cluster.leader ?? "", "");
      if (after.ack_floor.stream_seq < 30) {
        const said = outcome.left.map(({ text, cure }) => `${text} ${cure}`).join("\n");
        assert.match(said, /single/);
        assert.match(said, /opt_start_seq 31/);
      } else assertRecovered(outcome);
    });

    it("F30: mirror and sources of an R1 that is lost: they are backed up first, and it is said that they have to be looked at", async () => {
      await using scene = await RecoveryScene.start({ version });
      await scene.load({ name: "ORIGIN", num_replicas: 1 });
      const [dead = ""] = await scene.homes("ORIGIN");
      await scene.load({ name: "MIRROR", num_replicas: 3, mirror: { name: "ORIGIN" } });
      await scene.load({ name: "COPY", num_replicas: 3, sources: [{ name: "ORIGIN" }] });
      const nc = await scene.connect();
      for (const name of ["MIRROR", "COPY"]) {
        const held = async (): Promise<number> =>
          (await jsRequest<StreamFacts>(nc, `STREAM.INFO.${name}`)).state.messages;
        while ((await held()) < 300) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await scene.cluster.add();
      await scene.cluster.ready();
      await scene.remember();
      // What an operator would have: the origin alone, which the mirror is not in.
      await scene.backUp("ORIGIN");
      await scene.cluster.node(dead).terminate("SIGTERM");
      const outcome = await scene.recover({ gone: [dead] }, { earlier: await scene.missed(dead) });
      const done = stepsDone(outcome);
      for (const copy of ["MIRROR", "COPY"]) {
        assert.ok(done.indexOf(`back-up-first:APP/${copy}`) >= 0, `${outcome.summary} ${done.join(", ")}`);
        assert.ok(done.indexOf(`back-up-first:APP/${copy}`) < done.indexOf(`peer-remove:${dead}`), done.join(", "));
      }
      assert.ok(done.includes("restore:APP/ORIGIN"), `${outcome.summary} ${done.join(", ")}`);
      assert.ok(
        outcome.left.some(({ step }) => step === "ask:flow:APP/MIRROR"),
        JSON.stringify(outcome.left),
      );
      await scene.assertRestored("ORIGIN");
      // As is advised: each copy is restored from its own backup. Then it is what it was, and what comes after flows into it, once.
      const cure = outcome.left.find(({ step }) => step === "ask:flow:APP/COPY")?.cure ?? "";
      const anew = /opt_start_seq/.test(cure);
      assert.equal(anew, version === "2.15", cure);
      await restoreFrom(scene, "MIRROR");
      await scene.assertRestored("MIRROR");
      await restoreFrom(scene, "COPY", anew ? [{ name: "ORIGIN", opt_start_seq: 301 }] : undefined);
      await scene.assertSame("COPY", anew ? { streamConfig: ["sources"] } : {});
      await publishAll(await scene.connect(), [{ subject: "origin.a", payload: "later" }]);
      for (const copy of ["MIRROR", "COPY"]) {
        const { state } = await settled(scene, copy);
        assert.deepEqual([state.messages, state.last_seq], [301, 301], copy);
      }
    });
  });
}
