import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkUnasked, silentMs, type UnaskedRow } from "../../testing/check-unasked.ts";
import { sketchPeer, sketchServer } from "../../testing/sketch-cluster.ts";
import { rememberingServer, replicated, shortOfN3 } from "../../testing/sketch-situation.ts";

const rows: readonly UnaskedRow[] = [
  {
    story: "UN-06: two dead servers are a person's case, though each could be replaced",
    situation: {
      servers: ["n1", "n2", "!n3", "n4", "!n5", "n6", "n7"],
      offline: ["n3", "n5"],
      streams: [shortOfN3(), replicated("OTHER", ["+n1", "+n2", "xn5"], "n1")],
    },
    against: ["no-replacement"],
  },
  {
    story: "UN-06: nor while another one is silent",
    situation: { servers: ["n1", "n2", "!n3", "n4", "!n5", "n6", "n7"], offline: ["n3"] },
    against: ["other-server"],
  },
  {
    story: "UN-06: nor while another one is slow to start",
    situation: {
      server: { n4: { health: { ok: false, errors: ["JetStream is not current with the meta leader"] } } },
    },
    against: ["nothing-ready"],
  },
  {
    story: "UN-06: nor while another one has its JetStream off",
    situation: {
      servers: ["n1", "n2", "!n3", "n4", "n5"],
      server: { n5: { jetstream: { ...sketchedJetStream(), enabled: false } } },
    },
    against: ["person", "other-server"],
  },
  {
    story: "UN-06: one that is no member any more does not count",
    situation: {
      ledger: rememberingServer("n9", 9e8, 8e8, { peer: "old" }),
    },
    against: [],
  },
  {
    story: "UN-06: nor does one without JetStream",
    situation: {
      servers: ["n1", "n2", "!n3", "n4", "n5"],
      server: { n5: { jetstream: { ...sketchedJetStream(), enabled: false } } },
      meta: {
        size: 4,
        peers: (["+n1", "+n2", "xn3", "+n4"] as const).map((sketch) => {
          const peer = sketchPeer(sketch);
          return sketch === "xn3"
            ? { ...peer, standing: { current: false, offline: true, lag: 0, activeMs: silentMs } }
            : peer;
        }),
      },
    },
    against: [],
  },
  {
    story: "UN-08: nor while not every account's streams are known, in both looks",
    situation: {
      earlier: (sample) => ({
        ...sample,
        accounts: sample.accounts.map((account) => ({ ...account, inventory: { unseen: "no-answer" } as const })),
      }),
    },
    against: ["inventory"],
  },
  {
    story: "UN-08: nor under a rescue of the meta group",
    situation: { meta: { rescue: true } },
    against: ["meta-group"],
  },
  {
    story: "UN-08: nor while two servers may lead",
    situation: {
      meta: {
        claims: [
          { server: "n1", leader: "n1", size: 4 },
          { server: "n2", leader: "n2", size: 4 },
        ],
      },
    },
    against: ["nothing-ready"],
  },
];

function sketchedJetStream(): { readonly enabled: boolean } & Extract<
  ReturnType<typeof sketchServer>["jetstream"],
  { readonly enabled: boolean }
> {
  const { jetstream } = sketchServer("n1");
  assert.ok("enabled" in jetstream);
  return jetstream;
}

describe("what may be done unasked while other servers are in trouble, or too little is seen", () => {
  for (const row of rows) it(row.story, () => checkUnasked(row));
});
