import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planLines, planOf } from "../../testing/check-plan.ts";
import { sketchPeer } from "../../testing/sketch-cluster.ts";
import {
  backup,
  before,
  now,
  remembered,
  replicated,
  type Situation,
  unanswered,
} from "../../testing/sketch-situation.ts";
import { peerIdOf } from "../peer-id.ts";
import type { ConsumerPicture, Sample } from "../picture.ts";

const three = ["n1", "n2", "n3"];
const whole = (name = "ORDERS"): ReturnType<typeof replicated> => replicated(name, ["+n1", "+n2", "+n3"], "n1");
const withMeta = (sample: Sample, change: object): Sample => ({
  ...sample,
  meta: { ...sample.meta, ...change } as Sample["meta"],
});

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

/** n4 was removed, answers again, and is no member. */
const comeBack = (ms: number): Pick<Situation, "ledger" | "later" | "earlier"> => {
  const without = (sample: Sample): Sample => {
    const { meta } = sample;
    const peers = "peers" in meta && Array.isArray(meta.peers) ? meta.peers.filter(({ name }) => name !== "n4") : [];
    return withMeta(sample, { size: 3, peers });
  };
  return {
    later: without,
    earlier: without,
    ledger: (ledger) => ({
      ...ledger,
      servers: [{ name: "n4", peer: "C7B8kAbl", cluster: "C", tags: [], lastSeen: before(ms), removedAt: before(ms) }],
    }),
  };
};

const setBack: ConsumerPicture = { ...consumer(three), leader: "n1", delivered: 0, ackFloor: 0, ackPending: 0 };
const acknowledged = remembered("ORDERS", three, {
  consumers: [{ name: "work", durable: true, replicas: 1, servers: ["n3"], delivered: 30, ackFloor: 30 }],
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
    story: "CP-61: one that was written to since is not replaced without a word",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 20 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-62: a stream that is gone may have been deleted on purpose",
    situation: { servers: three, memory: [remembered("ONE", ["n3"])], backups: [backup("ONE")] },
    outlook: "blocked",
    steps: ["restore:APP/ONE blocked"],
  },
  {
    story:
      "CP-62: what Relight deleted itself is known to be gone as soon as one look shows it, and is restored unasked",
    situation: {
      servers: three,
      memory: [remembered("ONE", ["n3"], { deletedAt: before(3_000) })],
      backups: [backup("ONE")],
      earlier: (sample) => ({
        ...sample,
        accounts: [{ name: "APP", inventory: "complete", streams: [unanswered("ONE")] }],
      }),
    },
    outlook: "act",
    steps: ["restore:APP/ONE ready"],
  },
  {
    story: "CP-61: what came under the name after Relight deleted it is not deleted again without a word",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { created: now, lastSeq: 20 })],
      memory: [remembered("ONE", ["n3"], { deletedAt: before(60_000) })],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-93: a restore that was cut off is left in peace first, since the server may still be at it",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n2"], "n2", { created: now })],
      memory: [remembered("ONE", ["n3"], { deletedAt: before(6_000), restoringAt: before(5_000) })],
      backups: [backup("ONE")],
    },
    outlook: "wait",
    steps: ["wait:restore:APP/ONE waiting", "delete-stub:APP/ONE later", "restore:APP/ONE later"],
  },
  {
    story: "CP-93: and is then deleted and begun anew, however whole it looks, and also where nothing of it is seen",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n2"], "n2", { created: now })],
      memory: [
        remembered("ONE", ["n3"], { deletedAt: before(60_000), restoringAt: before(50_000) }),
        remembered("TWO", ["n3"], { deletedAt: before(60_000), restoringAt: before(50_000) }),
      ],
      backups: [backup("ONE"), backup("TWO")],
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "delete-stub:APP/TWO ready", "restore:APP/ONE later", "restore:APP/TWO later"],
  },
  {
    story: "CP-93: but not where more came since than the backup has",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n2"], "n2", { created: now, lastSeq: 501 })],
      memory: [remembered("ONE", ["n3"], { deletedAt: before(60_000), restoringAt: before(50_000) })],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-65: what a removal leaves under the name is not waited for: nobody living holds any of it",
    situation: {
      servers: ["n1", "n2", "n4"],
      streams: [replicated("ONE", ["+n4"], null, { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      ledger: (ledger) => ({
        ...ledger,
        servers: [
          {
            name: "n3",
            peer: peerIdOf("n3"),
            cluster: null,
            tags: [],
            lastSeen: before(60_000),
            removedAt: before(3_000),
          },
        ],
      }),
    },
    outlook: "act",
    steps: ["wait:leader:APP/ONE waiting", "delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-62: and is restored where it is named",
    situation: {
      servers: three,
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      words: { restore: ["APP/ONE"] },
    },
    outlook: "act",
    steps: ["restore:APP/ONE ready"],
  },
  {
    story: "CP-63, F39, F42, F43, F44: half of all streams gone at once: stop, before more is deleted",
    situation: {
      servers: three,
      streams: [whole("C")],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"]), remembered("C", three)],
      backups: [backup("A"), backup("B")],
      words: { restore: ["APP/A"] },
    },
    outlook: "blocked",
    steps: ["ask:census blocked", "restore:APP/A later", "restore:APP/B blocked"],
  },
  {
    story: "CP-63: unless every one of them is named",
    situation: {
      servers: three,
      streams: [whole("C")],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"]), remembered("C", three)],
      backups: [backup("A"), backup("B")],
      words: { restore: ["APP/A", "APP/B"] },
    },
    outlook: "act",
    steps: ["restore:APP/A ready", "restore:APP/B ready"],
  },
  {
    story: "CP-63, F49: all streams with new creation times: the store is on the wrong volume",
    situation: {
      servers: three,
      streams: [
        replicated("A", ["+n3"], "n3", { lastSeq: 0, created: "2026-01-01T11:00:00Z" }),
        replicated("B", ["+n2"], "n2", { lastSeq: 0, created: "2026-01-01T11:00:00Z" }),
      ],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"])],
    },
    outlook: "blocked",
    steps: ["ask:census blocked", "ask:lost:APP/A blocked", "ask:lost:APP/B blocked"],
  },
  {
    story: "CP-64: what is lost is not restored while a server may come back with it",
    situation: {
      servers: [...three, "!n4"],
      streams: [whole()],
      memory: [remembered("ONE", ["n4"])],
      backups: [backup("ONE")],
      words: { restore: ["APP/ONE"] },
      ledger: (ledger) => ({
        ...ledger,
        servers: [{ name: "n4", peer: "C7B8kAbl", cluster: "C", tags: [], lastSeen: before(25_000), removedAt: null }],
      }),
    },
    outlook: "wait",
    steps: ["wait:server:n4 waiting", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-65: an R1 that stayed on a removed server, as no other could take it, is deleted and restored",
    situation: {
      version: "2.10.27",
      servers: ["n1", "n2"],
      streams: [unanswered("ONE", { answer: { kind: "offline", detail: "stream is offline" } })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      ledger: (ledger) => ({
        ...ledger,
        servers: [
          { name: "n3", peer: "BXScrY9i", cluster: "C", tags: [], lastSeen: before(90_000), removedAt: before(60_000) },
        ],
      }),
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-68, F35: a removed server that comes back under its name is kept out for five minutes (2.15)",
    situation: { servers: ["n1", "n2", "n3", "n4"], streams: [whole()], ...comeBack(60_000) },
    outlook: "wait",
    steps: ["wait:returned:n4 waiting"],
  },
  {
    story: "CP-68, F35: after that, and on older versions, a person gives it a new name",
    situation: { servers: ["n1", "n2", "n3", "n4"], streams: [whole()], ...comeBack(900_000) },
    outlook: "blocked",
    steps: ["ask:returned:n4 blocked"],
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
  {
    story: "CP-66, F34: a removed peer that a stream still counts is taken out of that stream",
    situation: {
      servers: [...three, "n4"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "xn9"], "n1")],
    },
    outlook: "act",
    steps: ["peer-remove:APP/ORDERS>n9 ready", "wait:healed:APP/ORDERS>n9 later"],
  },
  {
    story: "CP-67: a consumer that nobody leads is made to elect",
    situation: { servers: three, streams: [{ ...whole(), consumers: [consumer(["n1", "n2", "n3"])] }] },
    outlook: "act",
    steps: ["step-down:APP/ORDERS > work ready"],
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
];

describe("a stream that went with the server that Relight removed", () => {
  const vanished = (seenMs: number, removedMs: number | null): readonly string[] =>
    planLines({
      servers: three,
      memory: [remembered("ONE", ["n4"], { seenAt: before(seenMs) })],
      backups: [backup("ONE")],
      ledger: (ledger) => ({
        ...ledger,
        servers: [
          {
            name: "n4",
            peer: "C7B8kAbl",
            cluster: "C",
            tags: [],
            lastSeen: before(900_000),
            removedAt: removedMs === null ? null : before(removedMs),
          },
        ],
      }),
    });

  it("CP-62: is no riddle, and restored; one that was there for longer, or is missing without a removal, is asked about", () => {
    assert.deepEqual(vanished(20_000, 15_000), ["restore:APP/ONE ready safe"]);
    assert.deepEqual(vanished(3_600_000, 7_200_000), ["restore:APP/ONE blocked"]);
    assert.deepEqual(vanished(20_000, null), ["restore:APP/ONE blocked"]);
  });
});

describe("the plan for what is lost, left over, or back", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  it("CP-68, F35: one that serves an old stream beside the new one stops everything, and is named as what has to be stopped", () => {
    const both = replicated("ONE", ["+n1"], "n1", { claimants: ["n1", "n4"] });
    const made = planOf({ servers: ["n1", "n2", "n3", "n4"], streams: [both], ...comeBack(60_000) });
    assert.equal(made.outlook, "hold");
    assert.match(made.steps[0]?.blockers[0]?.cure ?? "", /^n4 was removed, and answers again: stop it/);
  });

  it("CP-66: takes no stale peer out of a stream that nothing living could replace", () => {
    const made = planOf({ servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3", "xn9"], "n1")] });
    assert.deepEqual(
      made.steps.map(({ id, state }) => `${id} ${state}`),
      ["add-node:in cluster C ready", "peer-remove:APP/ORDERS>n9 later", "wait:healed:APP/ORDERS>n9 later"],
    );
  });
});
