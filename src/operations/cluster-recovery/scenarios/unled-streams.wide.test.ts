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
import type { StreamFacts } from "../../../testing/stream-info.ts";
import { createConsumer } from "../../../testing/stream-setup.ts";

interface ConsumerFacts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly ack_floor: { readonly stream_seq: number };
  readonly cluster: { readonly leader?: string; readonly replicas?: readonly { readonly name: string }[] };
}

const thresholds = { ...defaultThresholds, electionMs: 8_000 };

/** Cuts the ways between these nodes; resolves when one of the others leads the meta group. Returns the others. */
async function sever(scene: RecoveryScene, names: readonly string[]): Promise<readonly string[]> {
  const others = scene.cluster.servers.map(({ name }) => name).filter((name) => !names.includes(name));
  scene.proxies?.sever(...names);
  await scene.sample(({ meta }) => isSeen(meta) && others.includes(meta.leader ?? ""), ...others);
  return others;
}

for (const version of ["2.10", "2.15"]) {
  describe(`groups of a cluster of ${version} that nobody leads`, { timeout: 400_000 }, () => {
    it("CP-40: a stream: it is to elect, in vain; up to 2.14 its group is built anew of one replica; on 2.15 a person looks", async () => {
      await using scene = await RecoveryScene.start({ version, size: 5, proxied: true });
      await scene.load({ name: "THREE", num_replicas: 3 });
      await scene.remember();
      const from = await sever(scene, await scene.homes("THREE"));
      const steps = ["step-down:APP/THREE", "salvage:APP/THREE", "scale-down:APP/THREE"];
      const outcome = await scene.recover({}, { from, thresholds, only: new Set(steps) });
      const [stepDown, ...more] = outcome.steps;
      assert.match(stepDown?.evidence.join() ?? "", /nobody could step down: .*10008.*it brought no leader/);
      if (version === "2.15") {
        assert.deepEqual(more, []);
        assert.equal(outcome.left[0]?.step, "ask:leaderless:APP/THREE", JSON.stringify(outcome.left));
      } else {
        assert.deepEqual(stepsDone(outcome), steps, outcome.summary);
        const info = await jsRequest<StreamFacts>(await scene.connect(...from), "STREAM.INFO.THREE");
        assert.deepEqual([info.config.num_replicas, info.state.messages], [1, 300]);
      }
      scene.proxies?.heal();
      await scene.cluster.ready();
      const end = await scene.recover();
      if (version === "2.15") assert.equal(end.status, "whole", end.summary);
      else {
        assertRecovered(end);
        assert.deepEqual(stepsDone(end), ["scale-up:APP/THREE"]);
      }
      assert.equal((await scene.homes("THREE")).length, 3);
      await scene.assertSame("THREE");
    });

    it("CP-67: a consumer: it is to elect, in vain; up to 2.14 a person sets it to one replica and back; it goes on where it was", async () => {
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
      const group = [cluster.leader ?? "", ...(cluster.replicas ?? []).map(({ name }) => name)];
      const from = await sever(scene, group);
      await scene.sample(
        ({ accounts }) => {
          const stream = accounts.flatMap(({ streams }) => streams).find(({ name }) => name === "FIVE");
          const consumers = stream === undefined ? [] : seenOr(stream.consumers, []);
          return consumers.some(({ name, leader }) => name === "work" && leader === null);
        },
        ...from,
      );
      const outcome = await scene.recover({}, { from, thresholds });
      assert.deepEqual(stepsDone(outcome), ["step-down:APP/FIVE > work"], outcome.summary);
      const [{ step = "", cure = "" } = {}] = outcome.left;
      assert.equal(step, "ask:consumer:APP/FIVE > work");
      assert.match(cure, /reach each other.*opt_start_seq 31/);
      // 2.15 does not answer to that while nobody leads it.
      const scales = version !== "2.15";
      assert.equal(/num_replicas to 1 and back/.test(cure), scales);
      const outside = await scene.connect(...from);
      const scale = (num_replicas: number): Promise<unknown> => {
        const body = { stream_name: "FIVE", config: { ...config, num_replicas } };
        return jsRequest(outside, "CONSUMER.DURABLE.CREATE.FIVE.work", body);
      };
      if (scales) {
        await scale(1);
        assert.equal((await facts(outside)).ack_floor.stream_seq, 30);
      }
      scene.proxies?.heal();
      await scene.cluster.ready();
      if (scales) await scale(3);
      assert.equal((await scene.recover()).status, "whole");
      await scene.assertSame("FIVE");
    });
  });
}
