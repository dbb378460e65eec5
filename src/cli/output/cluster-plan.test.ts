import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf } from "../../testing/check-plan.ts";
import {
  backup,
  n3Gone,
  remembered,
  replicated,
  type Situation,
  shortOfN3,
  unanswered,
} from "../../testing/sketch-situation.ts";
import { renderClusterPlan } from "./cluster-plan.ts";

const rendered = (situation: Situation): string =>
  renderClusterPlan(planOf(situation), { notSeen: [], ledger: null, color: false });

describe("a plan for a person", () => {
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
    assert.match(uncovered, /Say it to this command as a backup: --backups <dir>/);
  });
});
