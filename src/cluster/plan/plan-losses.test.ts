import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planOf, stepOf } from "../../testing/check-plan.ts";
import {
  backup,
  mirrorOf,
  remembered,
  rememberingServer,
  replicated,
  type Situation,
  three,
  unanswered,
  whole,
} from "../../testing/sketch-situation.ts";
import type { LedgerConsumer } from "../ledger.ts";

const consumer = (name: string, ackFloor: number): LedgerConsumer => ({
  name,
  durable: true,
  replicas: 1,
  servers: ["n3"],
  delivered: ackFloor,
  ackFloor,
});

const rows: readonly PlanRow[] = [
  {
    story: "CP-60: a wiped node came back under its name: its R1 is restored in place of the empty one",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-104: what copies from another lost stream is deleted before it, and restored after it",
    situation: {
      servers: three,
      streams: ["ALL", "ONE", "PART"].map((name) => replicated(name, ["+n3"], "n3", { lastSeq: 0 })),
      memory: [
        remembered("ALL", ["n3"], { origins: ["PART", "ONE"] }),
        remembered("ONE", ["n3"]),
        remembered("PART", ["n3"], { origins: ["ONE"] }),
      ],
      backups: [backup("ALL"), backup("ONE"), backup("PART")],
    },
    outlook: "act",
    steps: [
      "delete-stub:APP/ALL ready",
      "delete-stub:APP/PART ready",
      "delete-stub:APP/ONE ready",
      "restore:APP/ONE later",
      "restore:APP/PART later",
      "restore:APP/ALL later",
    ],
  },
  {
    story:
      "CP-36: what is left of a copy that is lost with its origin, and was released, is neither backed up nor restored",
    situation: {
      servers: three,
      streams: [
        replicated("ONE", ["+n3"], "n3", { lastSeq: 0 }),
        mirrorOf("ONE", replicated("COPY", ["+n3"], "n3", { lastSeq: 0 })),
      ],
      memory: [remembered("COPY", ["n3"], { origins: ["ONE"] }), remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      words: { released: ["APP/COPY"] },
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later", "ask:flow:APP/COPY blocked"],
  },
  {
    story: "CP-105: a consumer that the backup has not is for a person, and nothing of it is done unasked",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [
        remembered("ONE", ["n3"], {
          consumers: [consumer("back", 40), consumer("late", 5), consumer("same", 9)],
        }),
      ],
      backups: [
        backup("ONE", 500, {
          consumers: [
            { name: "back", ackFloor: 39 },
            { name: "same", ackFloor: 9 },
          ],
        }),
      ],
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later", "ask:consumer:APP/ONE > late blocked"],
  },
  {
    story: "CP-105: short-lived consumers are not missed",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"], { consumers: [{ ...consumer("once", 5), durable: false }] })],
      backups: [backup("ONE", 500, { consumers: [] })],
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-60: without a backup it is reported",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"])],
    },
    outlook: "blocked",
    steps: ["ask:lost:APP/ONE blocked"],
  },
  {
    story: "CP-65: what a removal leaves under the name is not waited for: nobody living holds any of it",
    situation: {
      servers: ["n1", "n2", "n4"],
      streams: [replicated("ONE", ["+n4"], null, { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      ledger: rememberingServer("n3", 60_000, 3_000, { cluster: null }),
    },
    outlook: "act",
    steps: ["wait:leader:APP/ONE waiting", "delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-64: what is lost is not restored while a server may come back with it",
    situation: {
      servers: [...three, "!n4"],
      streams: [whole()],
      memory: [remembered("ONE", ["n4"])],
      backups: [backup("ONE")],
      words: { restore: ["APP/ONE"] },
      ledger: rememberingServer("n4", 25_000, null),
    },
    outlook: "wait",
    steps: ["wait:server:n4 waiting", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-64: nor where its removal was begun and is not done: it is a member still, and may come back with it",
    situation: {
      servers: ["n1", "n2", "!n3", "n4"],
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      ledger: rememberingServer("n3", 60_000, 30_000),
    },
    outlook: "wait",
    steps: ["wait:server:n3 waiting"],
  },
  {
    story: "CP-65: an R1 that stayed on a removed server, as no other could take it, is deleted and restored",
    situation: {
      version: "2.10.27",
      servers: ["n1", "n2"],
      streams: [unanswered("ONE", { answer: { kind: "offline", detail: "stream is offline" } })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      ledger: rememberingServer("n3", 90_000, 60_000),
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-69, F13: a lost stream of three replicas is restored with one, and scaled up then",
    situation: {
      servers: three,
      memory: [remembered("ORDERS", three)],
      backups: [backup("ORDERS")],
      words: { restore: ["APP/ORDERS"] },
    },
    outlook: "act",
    steps: ["restore:APP/ORDERS ready", "scale-up:APP/ORDERS later"],
  },
];

describe("the plan for what is lost", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  /** What the restores wait for: "restore:APP/ONE: delete-stub:APP/ONE". */
  const waits = (situation: Situation): readonly string[] =>
    planOf(situation)
      .steps.filter(({ kind }) => kind === "restore")
      .map(({ id, after }) => `${id}: ${after.join(", ")}`);
  const lost: Situation = {
    servers: three,
    streams: ["COPY", "ONE", "TWO"].map((name) => replicated(name, ["+n3"], "n3", { lastSeq: 0 })),
    memory: [remembered("COPY", ["n3"], { origins: ["ONE"] }), remembered("ONE", ["n3"]), remembered("TWO", ["n3"])],
    backups: [backup("COPY"), backup("ONE"), backup("TWO")],
  };

  it("CA-08: a restore hangs on that of its origins and on what is left of its copies, and on no other", () => {
    assert.deepEqual(waits(lost), [
      "restore:APP/ONE: delete-stub:APP/ONE, delete-stub:APP/COPY",
      "restore:APP/COPY: delete-stub:APP/COPY, restore:APP/ONE",
      "restore:APP/TWO: delete-stub:APP/TWO",
    ]);
    const circle = { ...lost, memory: [...(lost.memory ?? [])] };
    circle.memory[1] = remembered("ONE", ["n3"], { origins: ["COPY"] });
    assert.deepEqual(waits(circle).slice(0, 2), [
      "restore:APP/ONE: delete-stub:APP/ONE, delete-stub:APP/COPY",
      "restore:APP/COPY: delete-stub:APP/COPY, delete-stub:APP/ONE, restore:APP/ONE",
    ]);
  });

  it("CA-08: what a person has to decide about keeps neither its copies nor its origins waiting", () => {
    const behind = (name: string): Situation => ({
      ...lost,
      backups: ["COPY", "ONE", "TWO"].map((one) => backup(one, one === name ? 400 : 500)),
    });
    assert.deepEqual(waits(behind("ONE")).slice(0, 2), [
      "restore:APP/ONE: delete-stub:APP/ONE, delete-stub:APP/COPY",
      "restore:APP/COPY: delete-stub:APP/COPY",
    ]);
    assert.deepEqual(waits(behind("COPY")).slice(0, 2), [
      "restore:APP/ONE: delete-stub:APP/ONE",
      "restore:APP/COPY: delete-stub:APP/COPY, restore:APP/ONE",
    ]);
  });

  it("CP-105: a consumer that the backup has further back is named where its stream is restored, and nobody is asked", () => {
    const situation: Situation = {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"], { consumers: [consumer("back", 40)] })],
      backups: [
        backup("ONE", 500, {
          consumers: [{ name: "back", ackFloor: 39 }],
        }),
      ],
    };
    assert.deepEqual(stepOf(situation, "restore:APP/ONE").evidence.slice(1), [
      "consumer APP/ONE > back had acknowledged up to 40, and up to 39 in the backup: what lies between is delivered again",
    ]);
    assert.ok(!planOf(situation).steps.some(({ kind }) => kind === "ask"));
  });
});
