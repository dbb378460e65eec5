import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import {
  backup,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import { type Allowances, isGrave, nextStep } from "./next-step.ts";

const planOf = (situation: Situation): ClusterPlan => planCluster(sketchRequest(situation));
const all: Allowances = { accounts: new Set(["APP"]), only: undefined, done: new Set(), declined: new Set() };

/** n3 is dead, with a part of an R3; n4 can take it. */
const dead: Situation = {
  servers: ["n1", "n2", "!n3", "n4"],
  words: { gone: ["n3"] },
  streams: [replicated("ORDERS", ["+n1", "+n2", "-n3"], "n1")],
  memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
};
const lost: Situation = {
  servers: ["n1", "n2", "n4"],
  streams: [],
  memory: [remembered("ONE", ["n3"])],
  words: { restore: ["APP/ONE"] },
  backups: [backup("ONE")],
};
const id = (step: PlanStep | null): string | null => step?.id ?? null;

describe("what comes next", () => {
  it("is the first step that is ready; what comes later is not left for anybody", () => {
    const next = nextStep(planOf(dead), all);
    assert.deepEqual([id(next.step), id(next.wait), next.left], ["peer-remove:n3", null, []]);
  });

  it("is nothing in a plan without steps", () => {
    const none = { step: null, together: [], wait: null, waits: [], left: [] };
    assert.deepEqual(nextStep(planOf({ servers: ["n1", "n2", "n3"] }), all), none);
  });

  it("is a wait where nothing can be done: for a server that may come back", () => {
    const next = nextStep(planOf({ ...dead, words: {} }), all);
    assert.deepEqual([id(next.step), id(next.wait), next.left], [null, "wait:server:n3", []]);
  });

  it("CA-03, CA-04: is no step that the given plan has not, that a person declined, or that was done already; each is left, with its cure", () => {
    const reasons = [
      { ...all, only: new Set(["restore:APP/ONE"]) },
      { ...all, declined: new Set(["peer-remove:n3"]) },
      { ...all, done: new Set(["peer-remove:n3"]) },
    ].map((allowances) => nextStep(planOf(dead), allowances));
    for (const { step } of reasons) assert.equal(step, null);
    const texts = reasons.map(({ left }) => left.map(({ text }) => text));
    assert.deepEqual(texts, [
      ["peer-remove:n3 is not in the given plan"],
      ["peer-remove:n3 was declined"],
      ["peer-remove:n3 was done and verified, and is needed again"],
    ]);
  });

  it("CA-10: is no step of a stream of another account: there is no credential for it", () => {
    const next = nextStep(planOf(lost), { ...all, accounts: new Set(["OTHER"]) });
    assert.equal(next.step, null);
    assert.match(next.left[0]?.text ?? "", /restore:APP\/ONE was not begun: it needs a credential of account APP/);
    assert.equal(next.left[0]?.account, "APP");
    assert.equal(id(nextStep(planOf(lost), { ...all, accounts: new Set(["OTHER", "APP"]) }).step), "restore:APP/ONE");
    assert.equal(id(nextStep(planOf(lost), all).step), "restore:APP/ONE");
  });

  it("CA-08: is nothing of a stream that failed, nor what hangs on it, which is named; all else goes on", () => {
    const three = ["COPY", "ONE", "TWO"];
    const plan = planOf({
      servers: ["n1", "n2", "n3"],
      memory: three.map((name) => remembered(name, ["n3"], name === "COPY" ? { origins: ["ONE"] } : {})),
      words: { restore: three.map((name) => `APP/${name}`) },
      backups: three.map((name) => backup(name)),
    });
    assert.deepEqual(
      plan.steps.map((step) => `${step.id} ${step.state}`),
      ["restore:APP/ONE ready", "restore:APP/COPY later", "restore:APP/TWO ready"],
    );
    const error = { code: "RESTORE_REFUSED", message: "no room", hint: "make some" } as const;
    const { step, left } = nextStep(plan, {
      ...all,
      failed: new Map([["APP/ONE", { step: "restore:APP/ONE", error }]]),
    });
    assert.equal(id(step), "restore:APP/TWO");
    assert.deepEqual(
      left.map(({ text }) => text),
      ["restore:APP/COPY was not begun: restore:APP/ONE has to come first, and failed"],
    );
  });

  it("CA-11: is done together with more of its kind that are ready; members of the cluster are changed one at a time", () => {
    const names = Array.from({ length: 40 }, (_, index) => `S${index + 10}`);
    const many = planOf({
      servers: ["n1", "n2", "n3"],
      memory: [...names, "COPY"].map((name) => remembered(name, ["n3"], name === "COPY" ? { origins: ["S10"] } : {})),
      words: { restore: [...names, "COPY"].map((name) => `APP/${name}`) },
      backups: [...names, "COPY"].map((name) => backup(name)),
    });
    const { step, together } = nextStep(many, { ...all, done: new Set(["restore:APP/S11"]) });
    assert.equal(id(step), "restore:APP/S10");
    assert.deepEqual(
      together.map((one) => one.id),
      ["S12", "S13", "S14", "S15", "S16", "S17", "S18"].map((name) => `restore:APP/${name}`),
      "neither one that was done, nor the copy, whose origin comes first",
    );
    const two = planOf({ ...dead, servers: ["n1", "n2", "!n3", "n4", "!n5", "n6"], words: { gone: ["n3", "n5"] } });
    assert.deepEqual(nextStep(two, all).together, []);
  });

  it("leaves what blocks to a person, with every cure", () => {
    const blocked: Situation = {
      ...dead,
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
    };
    const { step, left } = nextStep(planOf(blocked), all);
    assert.equal(step, null);
    const removal = left.find((one) => one.step === "peer-remove:n3");
    assert.match(removal?.text ?? "", /every replica would be lost/);
    assert.match(removal?.cure ?? "", /give a backup that reaches that far/);
  });

  it("asks a person before what cannot be taken back, or decides which data stays", () => {
    const kinds = ["peer-remove", "delete-stub", "scale-down", "meta-rescue"] as const;
    const mild = ["salvage", "back-up-first", "scale-up", "restore", "step-down", "move", "evacuate"] as const;
    const step = planOf(dead).steps[0] ?? assert.fail();
    assert.ok(kinds.every((kind) => isGrave({ ...step, kind })));
    assert.ok(!mild.some((kind) => isGrave({ ...step, kind })));
  });
});
