/** Groups that nobody leads although all their servers answer: these do not reach each other, and all others reach them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { defaultThresholds } from "../../../cluster/plan/plan-request.ts";
import { isSeen, seenOr } from "../../../cluster/unseen.ts";
import { assertRecovered, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { jsRequest } from "../../../testing/js-request.ts";
import { fetchMessages } from "../../../testing/pull.ts";
import { createConsumer } from "../../../testing/stream-setup.ts";

interface ConsumerFacts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly ack_floor: { readonly stream_seq: number };
  readonly cluster: { readonly leader?: string; readonly replicas?: readonly { readonly name: string }[] };
}

/** Cuts the ways between these nodes; resolves when one of the others leads the meta group. Returns the others. */
async function sever(scene: RecoveryScene, names: readonly string[]): Promise<readonly string[]> {
  const others = scene.cluster.servers.map(({ name }) => name).filter((name) => !names.includes(name));
  scene.proxies?.sever(...names);
  await scene.sample(({ meta }) => isSeen(meta) && others.includes(meta.leader ?? ""), ...others);
  return others;
}

const thresholds = { ...defaultThresholds, electionMs: 8_000 };

for (const version of ["2.10", "2.15"]) {
  describe(`groups of a cluster of ${version} that nobody leads`, { timeout: 400_000 }, () => {
    it("F41: a stream: waits, has it elect, and up to 2.14 builds its group anew of one replica; on 2.15 a person looks", async () => {
      await using scene = await RecoveryScene.start({ version, size: 5, proxied: true });
      await scene.load({ name: "THREE", num_replicas: 3 });
      await scene.remember();
      const homes = await scene.homes("THREE");
      const from = await sever(scene, homes);
      const cut = await scene.recover(
        {},
        {
          from,
          thresholds,
          only: new Set(["step-down:APP/THREE", "salvage:APP/THREE", "scale-down:APP/THREE"]),
        },
      );
      console.error(
        JSON.stringify(
          [cut.status, cut.summary, cut.steps.map((s) => [s.id, s.state, s.seconds, s.evidence, s.error]), cut.left],
          null,
          1,
        ),
      );
      scene.proxies?.heal();
      await scene.cluster.ready();
      const outcome = await scene.recover();
      console.error(JSON.stringify([outcome.status, outcome.summary, stepsDone(outcome), outcome.left], null, 1));
      await scene.assertSame("THREE");
      assert.equal((await scene.homes("THREE")).length, 3);
      if (version === "2.10") assertRecovered(outcome);
    });

    it("CP-67: a consumer: has it elect, in vain; set to one replica and back by a person it goes on where it was", async () => {
      await using scene = await RecoveryScene.start({ version, size: 5, proxied: true });
      await scene.load({ name: "FIVE", num_replicas: 5 });
      const nc = await scene.connect();
      await createConsumer(nc, "FIVE", { durable_name: "work", num_replicas: 3 });
      for (const { reply } of await fetchMessages(nc, "FIVE", "work", 30)) await nc.request(reply, "+ACK");
      const facts = (connection: NatsConnection): Promise<ConsumerFacts> =>
        jsRequest<ConsumerFacts>(connection, "CONSUMER.INFO.FIVE.work");
      while ((await facts(nc)).ack_floor.stream_seq < 30) await sleep(50);
      const { cluster, config } = await facts(nc);
      await scene.remember();
      const from = await sever(scene, [cluster.leader ?? "", ...(cluster.replicas ?? []).map(({ name }) => name)]);
      await scene.sample(
        ({ accounts }) => {
          const stream = accounts.flatMap(({ streams }) => streams).find(({ name }) => name === "FIVE");
          const consumers = stream === undefined ? [] : seenOr(stream.consumers, []);
          return consumers.some(({ name, leader }) => name === "work" && leader === null);
        },
        ...from,
      );
      const stuck = await scene.recover({}, { from, thresholds });
      console.error(
        JSON.stringify(
          [
            stuck.status,
            stuck.summary,
            stuck.steps.map((s) => [s.id, s.state, s.seconds, s.evidence, s.error]),
            stuck.left,
          ],
          null,
          1,
        ),
      );
      const outside = await scene.connect(...from);
      const update = (num_replicas: number): Promise<unknown> =>
        jsRequest(outside, "CONSUMER.DURABLE.CREATE.FIVE.work", {
          stream_name: "FIVE",
          config: { ...config, num_replicas },
        });
      console.error(JSON.stringify(await update(1).catch(String)));
      for (let i = 0; i < 10; i++) {
        await sleep(1000);
        console.error(JSON.stringify(await facts(outside).catch(String)));
      }
      scene.proxies?.heal();
      await scene.cluster.ready();
      console.error(JSON.stringify(await update(3).catch(String)));
      const outcome = await scene.recover();
      console.error(JSON.stringify([outcome.status, outcome.summary, stepsDone(outcome), outcome.left], null, 1));
      await scene.assertSame("FIVE");
    });
  });
}
