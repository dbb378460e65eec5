import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf, stepOf } from "../../testing/check-plan.ts";
import {
  before,
  mirrorOf,
  n3Gone,
  remembered,
  replicated,
  type Situation,
  shortOfN3,
  sketchRequest,
  unanswered,
  withSpare,
} from "../../testing/sketch-situation.ts";
import type { StreamPicture } from "../picture.ts";

describe("the step that removes a server", () => {
  it("CP-26: removes nothing while an account's streams are not all known, unless the operator released the account", () => {
    const blind: Situation["later"] = (sample) => ({
      ...sample,
      accounts: sample.accounts.map((account) => ({
        ...account,
        inventory: { unseen: "no-account-credential" } as const,
      })),
    });
    const situation = { servers: withSpare, ...n3Gone, streams: [shortOfN3()], later: blind };
    assert.deepEqual(
      stepOf(situation, "peer-remove:n3").blockers.map(({ code }) => code),
      ["inventory-unseen"],
    );
    const released = stepOf({ ...situation, words: { gone: ["n3"], released: ["APP/*"] } }, "peer-remove:n3");
    assert.deepEqual([released.state, released.safe], ["ready", false]);
  });

  it("CP-02: says when a silent server will count as gone, and which streams wait for it", () => {
    const situation = { servers: withSpare, silentMs: 200_000, streams: [shortOfN3()] };
    const wait = stepOf(situation, "wait:server:n3");
    assert.equal(wait.until, before(200_000 - 600_000));
    assert.match(wait.evidence.join(), /APP\/ORDERS: 2 of 3/);
  });

  it("removes by peer id, and says what it may cost and what was concluded from", () => {
    const situation = { servers: withSpare, ...n3Gone, streams: [shortOfN3()] };
    const removal = stepOf(situation, "peer-remove:n3");
    assert.deepEqual([removal.target.server, removal.target.peer], ["n3", "BXScrY9i"]);
    assert.match(removal.risk, /deleted/);
    assert.equal(removal.undo, null);
    assert.deepEqual(removal.evidence, ["APP/ORDERS: 2 of 3 peers answer, 2 are needed"]);
  });

  it("CP-21: says what a server must be like where the placement leaves none", () => {
    const stream = replicated("TAGGED", ["+n1", "+n2", "xn3"], "n1");
    assert.ok("replicas" in stream.config);
    const tagged = { ...stream, config: { ...stream.config, placement: { tags: ["ssd"] } } };
    const plan = planOf({ servers: withSpare, ...n3Gone, streams: [tagged] });
    const add = plan.steps.find(({ kind }) => kind === "add-node");
    assert.equal(add?.id, "add-node:in cluster C, with the tags ssd");
    assert.deepEqual(add?.evidence, ["n4: has not the tag ssd"]);
    assert.equal(plan.complete, false);
  });

  it("CP-21: counts a unique tag, room and the cluster when it looks for a candidate", () => {
    const cases = [{ n4: { cluster: "OTHER" } }, { n4: { tags: ["!jetstream"] } }];
    for (const server of cases) {
      const plan = planOf({ servers: withSpare, ...n3Gone, streams: [shortOfN3()], server });
      assert.equal(plan.steps[0]?.kind, "add-node", JSON.stringify(server));
    }
    const zone = (az: string, base = sketchRequest({ servers: ["n1"] }).picture.later.servers[0]): object => ({
      tags: [`az:${az}`],
      jetstream: base && "enabled" in base.jetstream ? { ...base.jetstream, uniqueTag: "az:" } : {},
    });
    const zones = (last: string): Situation => ({
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3()],
      server: { n1: zone("a"), n2: zone("b"), n4: zone(last) },
    });
    assert.equal(planOf(zones("b")).steps[0]?.kind, "add-node");
    assert.match(planOf(zones("b")).steps[0]?.why ?? "", /in cluster C, with a value of az: that n1 and n2 have not/);
    assert.equal(planOf(zones("c")).steps[0]?.kind, "peer-remove");
  });

  it("CP-22: a server without room for what a stream holds is not filled up, whatever is accepted: the meta leader may choose it", () => {
    const holding = (name: string, bytes: number): StreamPicture => {
      const stream = replicated(name, ["+n1", "+n2", "xn3"], "n1");
      return { ...stream, state: { messages: 500, bytes, firstSeq: 1, lastSeq: 500, deleted: 0 } };
    };
    const [any] = sketchRequest({ servers: ["n4"] }).picture.later.servers;
    const jetstream = any && "enabled" in any.jetstream ? { ...any.jetstream, freeStorage: 1_000_000 } : {};
    const situation = (streams: readonly StreamPicture[], withoutSpare = false): Situation => ({
      servers: withSpare,
      offline: ["n3"],
      words: { gone: ["n3"], withoutSpare },
      streams,
      server: { n4: { jetstream } as object },
    });
    assert.equal(planOf(situation([holding("A", 900_000)])).steps[0]?.id, "peer-remove:n3");
    for (const streams of [[holding("BIG", 1_100_000)], [holding("A", 900_000), holding("B", 200_000)]]) {
      for (const accepted of [false, true]) {
        const [add, removal] = planOf(situation(streams, accepted)).steps;
        assert.deepEqual([add?.id, removal?.id, removal?.state], ["add-node:in cluster C", "peer-remove:n3", "later"]);
        assert.deepEqual(
          add?.blockers.map(({ code }) => code),
          ["no-room"],
        );
        assert.match(add?.why ?? "", /with room for the (?:1,100,000|200,000) bytes that (?:it holds|they hold)/);
        assert.match(add?.evidence.join() ?? "", /n4: has 1,000,000 bytes free, too few for the (?:1,100,000|200,000)/);
      }
    }
    const two = { ...situation([holding("BIG", 1_100_000)]), servers: [...withSpare, "n5"] };
    const choice = stepOf(two, "peer-remove:n3");
    assert.equal(`${choice.state} ${choice.safe}`, "ready false");
    assert.match(choice.evidence.join(), /n4 has no room for it, and may be chosen all the same/);
  });

  it("CP-22: what has fewer replicas, as was accepted, is nothing to do, and is not called whole", () => {
    const short = replicated("FIVE", ["+n1", "+n2", "+n3"], "n1", { wanted: 5 });
    const plan = planOf({ servers: ["n1", "n2", "n3"], streams: [short], words: { withoutSpare: true } });
    assert.deepEqual(plan.steps, []);
    assert.equal(plan.summary, "Nothing to do; APP/FIVE has fewer replicas than it should.");
  });

  it("F05: names the R1 consumers of replicated streams that are on it, with what they had acknowledged", () => {
    const consumer = { name: "audit", durable: true, replicas: 1, servers: ["n3"], delivered: 90, ackFloor: 80 };
    const situation = {
      version: "2.14.6",
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3()],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"], { consumers: [consumer] })],
    };
    const removal = stepOf(situation, "peer-remove:n3");
    assert.match(removal.evidence.join("\n"), /consumer APP\/ORDERS > audit is on it, acknowledged up to 80/);
    assert.match(removal.risk, /may be reset/);
  });

  it("CP-23: names the mirrors of what would be lost as the best backup there may be", () => {
    const mirror = mirrorOf("ONE", replicated("COPY", ["+n1"], "n1"));
    const situation = {
      servers: withSpare,
      ...n3Gone,
      streams: [mirror, unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
    };
    const [blocker] = stepOf(situation, "peer-remove:n3").blockers;
    assert.equal(blocker?.code, "r1-uncovered");
    assert.match(blocker?.cure ?? "", /APP\/COPY copies from it/);
  });
});
