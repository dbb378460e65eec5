import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSeen } from "../../cluster/unseen.ts";
import { planOf } from "../../testing/check-plan.ts";
import {
  backup,
  n3Gone,
  remembered,
  rememberingServer,
  replicated,
  type Situation,
  shortOfN3,
  unanswered,
} from "../../testing/sketch-situation.ts";

import { renderClusterPlan } from "./cluster-plan.ts";

const rendered = (situation: Situation): string =>
  renderClusterPlan(planOf(situation), { notSeen: [], ledger: null, color: false });

describe("a plan for a person", () => {
  it("says which step can be done now, where one before it is for a person", () => {
    // ONE was on n3 only, and no living server may have it; that keeps nobody from removing n3.
    const { config } = shortOfN3();
    const one = isSeen(config) ? { ...config, placement: { tags: ["fast"] }, replicas: 1 } : assert.fail();
    const text = rendered({
      servers: ["n1", "n2", "!n3", "n4"],
      offline: ["n3"],
      words: { gone: ["n3"] },
      streams: [{ ...unanswered("ONE"), config: one }, shortOfN3()],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE", 500, { settings: one })],
      ledger: rememberingServer("n3", 25_000, null),
    });
    assert.match(text, /^1\. READY {2}add-node .*for a person$/m);
    assert.match(text, /^READY {2}5 steps, step 2 can be done now\. 1 of 5 steps is for a person\.$/m);
  });

  it("names --without-spare only where fewer replicas will do", () => {
    const dead: Situation = { servers: ["n1", "n2", "!n3"], offline: ["n3"], words: { gone: ["n3"] } };
    assert.match(rendered({ ...dead, streams: [shortOfN3()] }), /fewer replicas will do: --without-spare/);
    // Scaled down to save it, and to have its replicas back: that is what the servers are for.
    const scaled = rendered({
      version: "2.10.27",
      servers: ["n1", "n2"],
      streams: [replicated("ORDERS", ["+n1"], "n1")],
      memory: [remembered("ORDERS", ["n1"], { scaledFrom: 3 })],
    });
    assert.match(scaled, /add-node/);
    assert.doesNotMatch(scaled, /without-spare|accept fewer/);
  });

  it("shows some of many steps that differ in their stream only, and names how many more there are", () => {
    const names = Array.from({ length: 30 }, (_, index) => `S${index + 10}`);
    const lost: Situation = {
      servers: ["n1", "n2", "!n3", "n4"],
      ...n3Gone,
      streams: names.map((name) => unanswered(name)),
      memory: names.map((name) => remembered(name, ["n3"])),
    };
    const covered = rendered({ ...lost, backups: names.map((name) => backup(name)) });
    const of = (kind: string): number => covered.match(new RegExp(`^\\d+\\. [A-Z]+ +${kind}`, "gm"))?.length ?? 0;
    assert.deepEqual(["peer-remove", "delete-stub", "restore"].map(of), [1, 2, 2]);
    assert.match(covered, / {3}\.\.\. and 28 more of restore: APP\/S12, APP\/S13, .* and 23 more \(--json has all\)/);
    const uncovered = rendered(lost);
    assert.match(uncovered, /Blocked: +by 24 more \(--json has all\)/);
    assert.ok(uncovered.split("\n").length < 60, uncovered);
    assert.match(uncovered, /The flags for it: a backup: --backups <dir>/);
  });
});
