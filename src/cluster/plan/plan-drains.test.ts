import { describe, it } from "node:test";
import { checkPlan, type PlanRow } from "../../testing/check-plan.ts";
import { sketchPeer } from "../../testing/sketch-cluster.ts";
import { replicated, three, whole, withMeta } from "../../testing/sketch-situation.ts";

const rows: readonly PlanRow[] = [
  {
    story: "CP-70: a server is emptied by an evacuation (2.15), stopped, and then removed",
    situation: {
      servers: [...three, "n4"],
      words: { drain: ["n3"] },
      streams: [whole(), replicated("ONE", ["+n3"], "n3")],
    },
    outlook: "act",
    steps: ["evacuate:n3 ready", "wait:empty:n3 later", "ask:stop:n3 later"],
  },
  {
    story: "CP-71: before 2.15 stream by stream",
    situation: {
      version: "2.10.27",
      servers: [...three, "n4"],
      words: { drain: ["n3"] },
      streams: [whole(), replicated("ONE", ["+n3"], "n3")],
    },
    outlook: "act",
    steps: ["move:APP/ONE off n3 ready", "move:APP/ORDERS off n3 later", "wait:empty:n3 later", "ask:stop:n3 later"],
  },
  {
    story: "CP-72: rolling replacement: a server that was emptied and is gone is removed before the next is emptied",
    situation: {
      servers: ["n1", "n2", "!n3", "n4"],
      offline: ["n3"],
      words: { gone: ["n3"], drain: ["n2"] },
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n4"], "n1")],
    },
    outlook: "act",
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later"],
  },
  {
    story: "CP-70: without room for what is on it a server is added first",
    situation: { servers: three, words: { drain: ["n3"] }, streams: [whole()] },
    outlook: "blocked",
    steps: ["add-node:in cluster C ready", "evacuate:n3 later", "wait:empty:n3 later", "ask:stop:n3 later"],
  },
  {
    story: "CP-70: one that nobody knows cannot be emptied: that is said",
    situation: { servers: three, words: { drain: ["n9"] }, streams: [whole()] },
    outlook: "blocked",
    steps: ["ask:drain:n9 blocked"],
  },
  {
    story: "CP-70: nor one that is no member of the meta group",
    situation: {
      servers: [...three, "n4"],
      words: { drain: ["n4"] },
      streams: [whole()],
      later: (sample) => withMeta(sample, { size: 3, peers: three.map((name) => sketchPeer(`+${name}`)) }),
    },
    outlook: "blocked",
    steps: ["ask:drain:n4 blocked"],
  },
];

describe("the plan that empties living servers", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));
});
