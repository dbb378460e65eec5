/** A recovery that meets trouble on its way. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamConfig } from "../../../jetstream/api-types.ts";
import { assertRecovered, showEvent, stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { assertSameStream } from "../../../testing/compare-streams.ts";
import { RecoveryCluster } from "../../../testing/recovery-cluster.ts";
import { createStream } from "../../../testing/stream-setup.ts";

describe("a recovery that meets trouble on its way", { timeout: 300_000 }, () => {
  it("CA-08, CA-09, 2.15: a node dies meanwhile and one restore is refused: all others are done, and another run does the rest", async () => {
    await using on = await RecoveryCluster.start({ version: "2.15", size: 5 });
    const [victim = "", , , ...rest] = [...(await on.fillReplicated("ORDERS", 3)), "n1", "n2", "n3", "n4", "n5"];
    const homes = await on.homes("ORDERS");
    const second = rest.find((name) => !homes.includes(name)) ?? assert.fail();
    await on.fillOneOn(victim, "ONE");
    await on.fillOneOn(victim, "TWO");
    const mirror = { name: "COPY", mirror: { name: "ONE" }, placement: { tags: [`node:${victim}`] } };
    await createStream(on.nc, mirror);
    const { config } = await on.session.api.streamInfo("COPY");
    const { placement: _, ...anywhere } = config;
    await on.session.api.updateStream(anywhere as typeof config);
    while ((await on.session.api.streamInfo("COPY")).state.last_seq < 400) await sleep(50);
    await on.goodDay();
    const before = await on.contents("ORDERS", "TWO", "ONE", "COPY");
    await on.cluster.wipe(victim);
    await on.reconnect();
    await on.elected("ORDERS");

    // As the stub of ONE is gone, somebody takes its subjects. Another node dies before the first restore, and comes back late.
    const trouble: Promise<unknown>[] = [];
    const backups = [on.at("all")];
    const living = homes.find((name) => name !== victim);
    const rival = {
      name: "RIVAL",
      subjects: ["one.>"],
      placement: { tags: [`node:${living}`] },
    } as unknown as StreamConfig;
    const outcome = await on.recover(
      { gone: [victim] },
      { backups, maxWaitMs: 120_000 },
      {
        onEvent: (event) => {
          showEvent(event);
          if (event.kind !== "step-ended" || event.step.state !== "done") return;
          const { id } = event.step;
          if (id === "delete-stub:APP/ONE") trouble.push(on.session.api.createStream(rival));
          if (id === "delete-stub:APP/TWO")
            trouble.push(Promise.all(trouble).then(() => on.cluster.node(second).kill()));
          if (id === "restore:APP/TWO") trouble.push(on.cluster.node(second).launch());
        },
      },
    );
    await Promise.all(trouble);
    const said = JSON.stringify({
      ...outcome,
      plan: null,
      steps: outcome.steps.map(({ id, state, error }) => [id, state, error]),
    });
    assert.equal(trouble.length, 3, said);
    assert.equal(outcome.status, "failed", said);
    assert.deepEqual(outcome.failed, ["restore:APP/ONE"], said);
    const done = outcome.steps.filter(({ state }) => state === "done").map(({ id }) => id);
    assert.ok(done.includes("restore:APP/TWO"), said);
    assert.ok(!outcome.steps.some(({ id }) => id === "restore:APP/COPY"), said);
    assert.deepEqual(
      outcome.left.map(({ text }) => text),
      ["restore:APP/COPY was not begun: restore:APP/ONE has to come first, and failed"],
    );

    await on.session.api.deleteStream("RIVAL");
    await on.reconnect();
    const again = await on.recover({ gone: [victim] }, { backups, accept: ["APP/RIVAL"] });
    assertRecovered(again);
    assert.deepEqual(stepsDone(again), ["restore:APP/ONE", "restore:APP/COPY"]);
    const after = await on.contents("ORDERS", "TWO", "ONE", "COPY");
    for (const [index, stream] of before.entries()) {
      assertSameStream(stream, after[index] ?? assert.fail(), { rolledBackToAckFloor: stream.name !== "ORDERS" });
    }
  });

  it("CA-09, 2.15: the meta leader dies as it is asked for a removal: it is asked for again of the next one", async () => {
    await using on = await RecoveryCluster.start({ version: "2.15", size: 5 });
    const homes = await on.fillReplicated("ORDERS", 3);
    const [victim = ""] = homes;
    const leader = ["n1", "n2", "n3", "n4", "n5"].find((name) => !homes.includes(name)) ?? assert.fail();
    await on.fillOneOn(victim, "ONE");
    await on.system.request("$JS.API.META.LEADER.STEPDOWN", JSON.stringify({ placement: { preferred: leader } }));
    const leads = async (): Promise<boolean> => {
      const { meta } = await on.look();
      return "leader" in meta && meta.leader === leader;
    };
    while (!(await leads())) await sleep(200);
    await on.goodDay();
    const before = await on.contents("ORDERS", "ONE");
    await on.cluster.wipe(victim);
    await on.reconnect();
    await on.elected("ORDERS");
    assert.ok(await leads());

    const trouble: Promise<unknown>[] = [];
    const changes: string[] = [];
    const outcome = await on.recover(
      { gone: [victim] },
      { backups: [on.at("all")], maxWaitMs: 120_000 },
      {
        onEvent: (event) => {
          showEvent(event);
          if (event.kind === "changed") changes.push(...event.changes);
          const removal = event.kind === "step-begun" && event.step.id === `peer-remove:${victim}`;
          if (removal && trouble.length === 0) trouble.push(on.cluster.node(leader).kill());
          if (event.kind === "step-ended" && event.step.id === "restore:APP/ONE") {
            trouble.push(on.cluster.node(leader).launch());
          }
        },
      },
    );
    await Promise.all(trouble);
    assertRecovered(outcome);
    // Either the next leader was asked by the same request, or the first was a failure that said nothing of the step.
    const removals = outcome.steps.filter(({ kind }) => kind === "peer-remove").map(({ state }) => state);
    assert.ok(["done", "unknown,done"].includes(removals.join()), removals.join());
    if (removals.length > 1) assert.match(changes.join(), new RegExp(`${leader} does not answer any more`));
    const after = await on.contents("ORDERS", "ONE");
    for (const [index, stream] of before.entries()) {
      assertSameStream(stream, after[index] ?? assert.fail(), { rolledBackToAckFloor: stream.name !== "ORDERS" });
    }
  });
});
