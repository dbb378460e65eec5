import { describe, it } from "node:test";
import { checkSteps, type StepsRow } from "../../testing/check-plan.ts";
import {
  backup,
  mirrorOf,
  n3Gone,
  remembered,
  rememberingServer,
  replicated,
  unanswered,
  withSpare,
} from "../../testing/sketch-situation.ts";

const rows: readonly StepsRow[] = [
  {
    story: "CP-30: R3, two gone, 2.15: their removals make the survivor elect",
    situation: {
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      offline: ["n2", "n3"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true })],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: [
      "salvage:APP/ORDERS ready safe",
      "peer-remove:n2 later",
      "wait:healed:n2 later safe",
      "peer-remove:n3 later",
      "wait:healed:n3 later safe",
    ],
  },
  {
    story: "CP-37: so where the first removal left the stream changing: it cannot go on before the second",
    situation: {
      servers: ["n1", "!n3", "n4", "n5"],
      offline: ["n3"],
      words: { gone: ["n2", "n3"] },
      streams: [
        replicated("ORDERS", ["+n1", "-n3"], null, {
          wanted: 3,
          desired: { peers: ["n1"], type: "quorum", description: "waiting for quorum" },
        }),
      ],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
      backups: [backup("ORDERS")],
      ledger: rememberingServer("n2", 90_000, 9_000, { cluster: null }),
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-37: so where the first was removed by hand, of which no ledger tells",
    situation: {
      servers: ["n1", "!n3", "n4", "n5"],
      offline: ["n3"],
      words: { gone: ["n3"] },
      streams: [
        replicated("ORDERS", ["+n1", "-n3"], null, {
          wanted: 3,
          desired: {
            peers: ["n1", "n3", "n4"],
            type: "membership",
            description: "waiting for membership change to commit",
          },
        }),
      ],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-31: R3, two gone, 2.10: scaled down to the survivor before any removal, and up again at the end",
    situation: {
      version: "2.10.27",
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      offline: ["n2", "n3"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true })],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: [
      "salvage:APP/ORDERS ready safe",
      "scale-down:APP/ORDERS later",
      "peer-remove:n2 later",
      "wait:healed:n2 later safe",
      "peer-remove:n3 later",
      "wait:healed:n3 later safe",
      "scale-up:APP/ORDERS later",
    ],
  },
  {
    story: "CP-32: R3, two gone by word, 2.10, not flagged offline yet: never scaled down before that",
    situation: {
      version: "2.10.27",
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: [
      "wait:offline:APP/ORDERS waiting safe",
      "scale-down:APP/ORDERS later",
      "peer-remove:n2 later",
      "wait:healed:n2 later safe",
      "peer-remove:n3 later",
      "wait:healed:n3 later safe",
      "scale-up:APP/ORDERS later",
    ],
  },
  {
    story: "CP-33: 2.12 to 2.14 have no eviction either: the same way",
    situation: {
      version: "2.14.6",
      servers: ["n1", "!n2", "n3", "n4"],
      offline: ["n2"],
      words: { gone: ["n2"] },
      streams: [replicated("TWO", ["+n1", "-n2"], null)],
      memory: [remembered("TWO", ["n1", "n2"])],
    },
    steps: ["scale-down:APP/TWO ready", "peer-remove:n2 later", "wait:healed:n2 later safe", "scale-up:APP/TWO later"],
  },
  {
    story: "CP-34: a survivor that has less than was known is not made the stream",
    situation: {
      version: "2.10.27",
      servers: ["n1", "!n2", "n3", "n4"],
      offline: ["n2"],
      words: { gone: ["n2"] },
      streams: [replicated("TWO", ["+n1", "-n2"], null, { lastSeq: 400 })],
      memory: [remembered("TWO", ["n1", "n2"])],
    },
    steps: [
      "scale-down:APP/TWO blocked",
      "peer-remove:n2 blocked",
      "wait:healed:n2 later safe",
      "scale-up:APP/TWO later",
    ],
  },
  {
    story: "CP-35: below quorum while another dead peer may still come back: nothing of it is removed",
    situation: {
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      offline: ["n2"],
      words: { gone: ["n2"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: ["wait:server:n3 waiting safe", "peer-remove:n2 blocked", "wait:healed:n2 later safe"],
  },
  {
    story: "CP-36, F30: a mirror of what will be lost is backed up before the removal, and looked at afterwards",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [mirrorOf("ONE", replicated("COPY", ["+n1"], "n1", { allowDirect: true })), unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    steps: [
      "back-up-first:APP/COPY ready safe",
      "peer-remove:n3 later safe",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE later safe",
      "restore:APP/ONE later safe",
      "ask:flow:APP/COPY blocked",
    ],
  },
];

describe("the plan for streams below their quorum", () => {
  for (const row of rows) it(row.story, () => checkSteps(row));
});
