import { describe, it } from "node:test";
import { checkUnasked, seenLast, silentMs, type UnaskedRow, withLostR1 } from "../../testing/check-unasked.ts";
import {
  backup,
  before,
  mirrorOf,
  remembered,
  replicated,
  shortOfN3,
  unanswered,
} from "../../testing/sketch-situation.ts";

const rows: readonly UnaskedRow[] = [
  {
    story: "UN-02: an R1 on it without a backup: a person decides",
    situation: withLostR1(),
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor with a backup that lacks what was last seen of it",
    situation: { ...withLostR1(), backups: [backup("ONE", 499)] },
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor with one that is older than a day, though it reaches that far",
    situation: { ...withLostR1(), backups: [backup("ONE", 500, { takenAt: before(90_000_000) })] },
    against: ["step-not-safe"],
  },
  {
    story: "UN-02: nor with one that is not proven",
    situation: { ...withLostR1(), backups: [backup("ONE", 500, { proven: false })] },
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor where it was not seen within half a minute of the death what it held",
    situation: { ...withLostR1({ countersAt: before(silentMs + 31_000) }), backups: [backup("ONE")] },
    against: ["baseline"],
  },
  {
    story: "UN-02: nor where one R1 of two is covered",
    situation: {
      streams: [shortOfN3(), unanswered("ONE"), unanswered("TWO")],
      memory: [remembered("ONE", ["n3"], seenLast), remembered("TWO", ["n3"], seenLast)],
      backups: [backup("ONE")],
    },
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor where a stream copies from it, which a person has to look at afterwards",
    situation: {
      ...withLostR1(),
      streams: [shortOfN3(), unanswered("ONE"), mirrorOf("ONE", replicated("COPY", ["+n1", "+n2", "+n4"], "n1"))],
      backups: [backup("ONE"), backup("COPY")],
    },
    against: ["person"],
  },
  {
    story: "UN-02: nor where nobody knows where a stream lived",
    situation: { streams: [shortOfN3(), unanswered("RIDDLE")], backups: [backup("RIDDLE")] },
    against: ["nothing-ready", "person", "stream-trouble"],
  },
  {
    story: "UN-02: nor where the R1 belongs to another account than the credential",
    situation: {
      ...withLostR1(),
      backups: [backup("ONE")],
      later: (sample) => ({ ...sample, sight: { ...sample.sight, account: "OTHER" } }),
    },
    against: ["account"],
  },
];

describe("what may be done unasked where an R1 stream goes with the server", () => {
  for (const row of rows) it(row.story, () => checkUnasked(row));
});
