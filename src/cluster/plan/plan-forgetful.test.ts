import { describe, it } from "node:test";
import { checkPlan, type PlanRow } from "../../testing/check-plan.ts";
import { sketchServer } from "../../testing/sketch-cluster.ts";
import { backup, before, remembered, replicated, three, unanswered, whole } from "../../testing/sketch-situation.ts";
import type { JetStreamPicture } from "../picture.ts";

/** n3 is behind, answers, and tells of no replica. */
const forgotten = () => {
  const stream = replicated("ORDERS", ["+n1", "+n2", "~n3"], "n1");
  const replicas = Array.isArray(stream.replicas) ? stream.replicas.filter(({ server }) => server !== "n3") : [];
  return { ...stream, replicas };
};
const behind = (ms: number) => remembered("ORDERS", three, { behindSince: before(ms) });
const unled = (ms: number) => remembered("ONE", ["n3"], { leaderlessSince: before(ms) });

const rows: readonly PlanRow[] = [
  {
    story: "CP-106, F44: a server that answers and has forgotten what is its own: a person takes its memory away",
    situation: {
      servers: three,
      streams: [forgotten(), unanswered("ONE"), whole("C")],
      memory: [behind(30_000), unled(30_000), remembered("C", three)],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["ask:memory:n3 blocked"],
  },
  {
    story: "CP-106: a replica that was just placed there is waited for",
    situation: {
      servers: three,
      streams: [forgotten(), unanswered("ONE")],
      memory: [behind(10_000), unled(10_000)],
    },
    outlook: "wait",
    steps: ["wait:leader:APP/ONE waiting", "wait:catch-up:APP/ORDERS waiting"],
  },
  {
    story: "CP-106: nor is one forgetful of which one look shows a replica",
    situation: {
      servers: three,
      streams: [forgotten()],
      memory: [behind(30_000)],
      earlier: (sample) => ({
        ...sample,
        accounts: [
          { name: "APP", inventory: "complete", streams: [replicated("ORDERS", ["+n1", "+n2", "~n3"], "n1")] },
        ],
      }),
    },
    outlook: "wait",
    steps: ["wait:catch-up:APP/ORDERS waiting"],
  },
  {
    story: "CP-106: nor one that does not tell what it holds, as of which too many questions are asked",
    situation: {
      servers: three,
      streams: [forgotten()],
      memory: [behind(30_000)],
      server: {
        n3: { jetstream: { ...(sketchServer("n3").jetstream as JetStreamPicture), streams: { unseen: "no-answer" } } },
      },
    },
    outlook: "wait",
    steps: ["wait:catch-up:APP/ORDERS waiting"],
  },
  {
    story: "CP-106: one that does not answer has forgotten nothing",
    situation: {
      servers: ["n1", "n2", "!n3"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "-n3"], "n1")],
      memory: [behind(30_000)],
    },
    outlook: "wait",
    steps: ["wait:server:n3 waiting"],
  },
];

describe("the plan for servers that have forgotten their streams", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));
});
