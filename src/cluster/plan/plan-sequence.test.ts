import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  backup,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import type { Ledger } from "../ledger.ts";
import { mergeLedger } from "../merge-ledger.ts";
import { noteDone } from "../note-done.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { planCluster } from "./plan-cluster.ts";

/**
 * A recovery as it goes: look, merge, plan, do the first step that is ready, note it, look again. Each stage is what the cluster
 * looks like after the step before, as real servers were seen to behave.
 */
function follow(start: readonly Ledger["streams"][number][], stages: readonly [Situation, string | null][]): void {
  let ledger = sketchRequest({ servers: ["n1"], memory: start }).ledger;
  for (const [situation, expected] of stages) {
    const request = sketchRequest(situation);
    ledger = mergeLedger(ledger, request.picture);
    const plan = planCluster({ ...request, ledger });
    const ids = plan.steps.map(({ id, state }) => `${id} ${state}`).join(", ");
    const next: PlanStep | undefined = plan.steps.find(({ state, by }) => state === "ready" && by === "relight");
    assert.equal(next?.id ?? null, expected, ids);
    if (next !== undefined) ledger = noteDone(ledger, next, request.now);
    else assert.equal(plan.outlook, "whole", ids);
  }
}

describe("a recovery, step by step", () => {
  it("CP-90, F31: a node with an R1 and a part of an R3 is gone: removed, deleted, restored, whole (2.15)", () => {
    const dead = {
      servers: ["n1", "n2", "!n3", "n4"],
      offline: ["n3"],
      words: { gone: ["n3"] },
      backups: [backup("ONE")],
    };
    const after = { servers: ["n1", "n2", "n4"], backups: [backup("ONE")] };
    const r3 = replicated("ORDERS", ["+n1", "+n2", "+n4"], "n1");
    follow(
      [remembered("ONE", ["n3"]), remembered("ORDERS", ["n1", "n2", "n3"])],
      [
        [
          { ...dead, streams: [unanswered("ONE"), replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1")] },
          "peer-remove:n3",
        ],
        // The R1 stream was created anew, empty, with the creation time that it had.
        [{ ...after, streams: [replicated("ONE", ["+n2"], "n2", { lastSeq: 0 }), r3] }, "delete-stub:APP/ONE"],
        [{ ...after, streams: [r3] }, "restore:APP/ONE"],
        [{ ...after, streams: [replicated("ONE", ["+n4"], "n4"), r3] }, null],
      ],
    );
  });

  it("CP-91: a stream below its quorum: salvaged, scaled down, both dead removed, scaled up (2.10)", () => {
    const version = "2.10.27";
    const saved = [backup("ORDERS")];
    const words = { gone: ["n2", "n3"] };
    const all = { version, offline: ["n2", "n3"], words, backups: saved };
    const survivor = replicated("ORDERS", ["+n1"], "n1");
    follow(
      [remembered("ORDERS", ["n1", "n2", "n3"])],
      [
        [
          {
            ...all,
            backups: [],
            servers: ["n1", "!n2", "!n3", "n4", "n5"],
            streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true })],
          },
          "salvage:APP/ORDERS",
        ],
        [
          {
            ...all,
            servers: ["n1", "!n2", "!n3", "n4", "n5"],
            streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true })],
          },
          "scale-down:APP/ORDERS",
        ],
        [{ ...all, servers: ["n1", "!n2", "!n3", "n4", "n5"], streams: [survivor] }, "peer-remove:n2"],
        [
          { ...all, servers: ["n1", "!n3", "n4", "n5"], streams: [survivor], words: { gone: ["n3"] } },
          "peer-remove:n3",
        ],
        [{ version, servers: ["n1", "n4", "n5"], streams: [survivor] }, "scale-up:APP/ORDERS"],
        [{ version, servers: ["n1", "n4", "n5"], streams: [replicated("ORDERS", ["+n1", "+n4", "+n5"], "n1")] }, null],
      ],
    );
  });

  it("CP-92: a stream without a leader that a step-down mends", () => {
    const three = ["n1", "n2", "n3"];
    const long = remembered("ORDERS", three, { leaderlessSince: "2026-01-01T11:00:00Z" });
    follow(
      [long],
      [
        [{ servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], null)] }, "step-down:APP/ORDERS"],
        [{ servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], "n2")] }, null],
      ],
    );
  });
});
