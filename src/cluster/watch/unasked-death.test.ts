import { describe, it } from "node:test";
import { checkUnasked, seenLast, type UnaskedRow } from "../../testing/check-unasked.ts";
import { backup, before, remembered, unanswered } from "../../testing/sketch-situation.ts";

const rows: readonly UnaskedRow[] = [
  {
    story: "UN-03: without a spare for the stream a person adds one",
    situation: { servers: ["n1", "n2", "!n3"] },
    against: ["nothing-ready", "person", "step-not-safe", "no-spare"],
  },
  {
    story: "UN-03: nor where the meta group would be left with two members",
    situation: {
      servers: ["n1", "n2", "!n3"],
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"], seenLast)],
      backups: [backup("ONE")],
    },
    against: ["no-spare"],
  },
  {
    story: "UN-03: nor where the placement fits no spare",
    situation: { server: { n4: { tags: ["!jetstream"] } } },
    against: ["nothing-ready", "person", "step-not-safe"],
  },
  {
    story: "UN-04: a server that the watch never saw alive is another's case",
    vigil: { answeredAt: null },
    against: ["not-seen-dying"],
  },
  {
    story: "UN-04: nor one whose silence was broken, or not watched, meanwhile",
    vigil: { silentSince: before(599_000) },
    against: ["not-silent-enough"],
  },
  {
    story: "UN-04: nor one that answered in the last look",
    vigil: { silentSince: null },
    against: ["not-silent-enough"],
  },
  {
    story: "UN-04: nor one that the cluster has not called offline: it is waited for",
    situation: { offline: [] },
    against: ["nothing-ready"],
  },
  {
    story: "UN-04: nor one that is silent for less than that: it is waited for",
    situation: { silentMs: 200_000 },
    vigil: { silentSince: before(200_000) },
    against: ["nothing-ready"],
  },
  {
    story: "UN-04: nor one by the word of a person, which is for `cluster apply`",
    situation: { words: { gone: ["n3"] } },
    against: ["not-seen-dying"],
  },
  {
    story: "UN-05: nor one of which something shows that it runs",
    signs: { n3: "10.0.0.3:4222 accepts connections" },
    against: ["runs"],
  },
  {
    story: "UN-05: a sign of another server is none of this one",
    signs: { n4: "10.0.0.4:4222 accepts connections" },
    against: [],
  },
];

describe("what may be done unasked about a server, by its death and by who takes its place", () => {
  for (const row of rows) it(row.story, () => checkUnasked(row));
});
