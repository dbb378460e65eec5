import { describe, it } from "node:test";
import { checkPlan, type PlanRow } from "../../testing/check-plan.ts";
import { sketchPeer } from "../../testing/sketch-cluster.ts";
import { before, n3Gone, remembered, shortOfN3, three, whole, withSpare } from "../../testing/sketch-situation.ts";
import type { ConsumerPicture } from "../picture.ts";

const consumer = (peers: readonly string[]): ConsumerPicture => ({
  name: "work",
  durable: true,
  replicas: peers.length,
  storage: "file",
  ackPolicy: "explicit",
  leader: null,
  peers: peers.map((name) => sketchPeer(`+${name}`)),
  delivered: { unseen: "not-told" },
  ackFloor: { unseen: "not-told" },
  ackPending: { unseen: "not-told" },
});

const setBack: ConsumerPicture = { ...consumer(three), leader: "n1", delivered: 0, ackFloor: 0, ackPending: 0 };
const acknowledged = remembered("ORDERS", three, {
  consumers: [{ name: "work", durable: true, replicas: 1, servers: ["n3"], delivered: 30, ackFloor: 30 }],
});

const rows: readonly PlanRow[] = [
  {
    story: "CP-67: a consumer that nobody leads is made to elect",
    situation: { servers: three, streams: [{ ...whole(), consumers: [consumer(["n1", "n2", "n3"])] }] },
    outlook: "act",
    steps: ["step-down:APP/ORDERS > work ready"],
  },
  {
    story: "CP-67: where that did not help, a person looks: a group without a leader does not hear of a step-down",
    situation: {
      servers: three,
      streams: [{ ...whole(), consumers: [consumer(["n1", "n2", "n3"])] }],
      memory: [
        remembered("ORDERS", three, {
          consumers: [
            {
              name: "work",
              durable: true,
              replicas: 3,
              servers: three,
              delivered: 30,
              ackFloor: 30,
              stepDownAt: before(50_000),
            },
          ],
        }),
      ],
    },
    outlook: "blocked",
    steps: ["ask:consumer:APP/ORDERS > work blocked"],
  },
  {
    story: "CP-67: one that was set back is for a person, who gets the sequence to go on at",
    situation: { servers: three, streams: [{ ...whole(), consumers: [setBack] }], memory: [acknowledged] },
    outlook: "blocked",
    steps: ["ask:consumer:APP/ORDERS > work blocked"],
  },
  {
    story: "CP-04: what only one look shows so far is looked at again, and nothing is called whole meanwhile",
    situation: {
      servers: three,
      streams: [{ ...whole(), consumers: [setBack] }],
      memory: [acknowledged],
      earlier: (sample) => ({
        ...sample,
        accounts: [
          { name: "APP", inventory: "complete", streams: [{ ...whole(), consumers: [{ ...setBack, leader: null }] }] },
        ],
      }),
    },
    outlook: "wait",
    steps: ["wait:sign:APP/ORDERS > work waiting"],
  },
  {
    story: "CP-67, F34: one whose peers were removed is for a person, who gets the sequence to go on at",
    situation: { servers: three, streams: [{ ...whole(), consumers: [consumer(["n9"])] }] },
    outlook: "blocked",
    steps: ["ask:consumer:APP/ORDERS > work blocked"],
  },
  {
    story: "CP-67: one whose peers may come back is waited for with their server",
    situation: {
      servers: ["n1", "n2", "!n3", "n4"],
      streams: [{ ...whole(), peers: shortOfN3().peers, consumers: [consumer(["n3"])] }],
    },
    outlook: "wait",
    steps: ["wait:server:n3 waiting"],
  },
  {
    story:
      "CP-67: one whose peers are gone leaves them with the removal of their server; what is left then is looked at then",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [{ ...whole(), peers: shortOfN3().peers, consumers: [consumer(["n3"])] }],
    },
    outlook: "act",
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later"],
  },
];

describe("the plan for consumers that deliver nothing, or too much", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));
});
