import { describe, it } from "node:test";
import { checkUnasked, type UnaskedRow, withLostR1 } from "../../testing/check-unasked.ts";
import { backup, remembered, replicated } from "../../testing/sketch-situation.ts";

const rows: readonly UnaskedRow[] = [
  { story: "UN-01: one dead server of a replicated stream, with a spare: replaced", against: [] },
  {
    story: "UN-01: an R1 on it, in a fresh backup that reaches what was last seen: replaced, and the R1 restored",
    situation: { ...withLostR1(), backups: [backup("ONE")] },
    against: [],
  },
  {
    story: "UN-09: nothing is done but the replacement of a dead server: what was lost in another way is for a person",
    situation: {
      servers: ["n1", "n2", "n3", "n4"],
      offline: [],
      streams: [replicated("ONE", ["+n1"], "n1", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n1"])],
      backups: [backup("ONE")],
    },
    against: ["no-replacement"],
  },
  {
    story: "UN-09: a server with nothing on it is not worth it",
    situation: { streams: [replicated("ORDERS", ["+n1", "+n2", "+n4"], "n1")] },
    against: ["no-replacement"],
  },
  {
    story: "UN-10: what was begun is ended when the server is out: its R1 is restored",
    situation: {
      servers: ["n1", "n2", "n4"],
      offline: [],
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n4"], "n1"), replicated("ONE", ["+n4"], "n4", { lastSeq: 0 })],
      memory: [remembered("ORDERS", ["n1", "n2", "n4"]), remembered("ONE", ["n4"])],
      backups: [backup("ONE")],
    },
    begun: ["peer-remove:n3", "delete-stub:APP/ONE", "restore:APP/ONE"],
    against: [],
  },
  {
    story: "UN-10: but not where something else has gone wrong since",
    situation: {
      servers: ["n1", "n2", "!n4", "n5"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "-n4"], "n1"), replicated("ONE", ["+n5"], "n5", { lastSeq: 0 })],
      memory: [remembered("ORDERS", ["n1", "n2", "n4"]), remembered("ONE", ["n5"])],
      backups: [backup("ONE")],
      silentMs: 25_000,
    },
    begun: ["peer-remove:n3", "delete-stub:APP/ONE", "restore:APP/ONE"],
    against: ["other-server", "stream-trouble"],
  },
];

describe("what may be done unasked", () => {
  for (const row of rows) it(row.story, () => checkUnasked(row));
});
