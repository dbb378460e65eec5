import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { randomRequest } from "../../testing/random-situation.ts";
import { sketchPeer, sketchServer } from "../../testing/sketch-cluster.ts";
import {
  backup,
  before,
  now,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import type { ConsumerPicture } from "../picture.ts";
import { planCluster } from "../plan/plan-cluster.ts";
import type { PlanRequest } from "../plan/plan-request.ts";
import { viewOf } from "../plan/view.ts";
import { mayActUnasked, type ReservationCode, type Unasked } from "./unasked.ts";
import type { ServerVigil, Vigil } from "./vigil.ts";

interface Row {
  readonly story: string;
  readonly situation?: Partial<Situation>;
  /** What the watch saw of n3; by default, that it died long enough ago. */
  readonly vigil?: Partial<ServerVigil>;
  readonly signs?: Readonly<Record<string, string>>;
  readonly begun?: readonly string[];
  /** Reasons against it; none: it may. */
  readonly against: readonly ReservationCode[];
}

const silentMs = 700_000;
const died = before(silentMs);
/** A cluster with a spare, n3 of which is gone for all that can be known. */
const gone = { servers: ["n1", "n2", "!n3", "n4"], offline: ["n3"], silentMs };
const r3 = (): ReturnType<typeof replicated> => replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1");
const seenLast = { countersAt: died };
const one = (changes: Parameters<typeof remembered>[2] = seenLast): Partial<Situation> => ({
  streams: [r3(), unanswered("ONE")],
  memory: [remembered("ORDERS", ["n1", "n2", "n3"], seenLast), remembered("ONE", ["n3"], changes)],
});
const consumer = (changes: Partial<ConsumerPicture>): ConsumerPicture => ({
  name: "work",
  durable: true,
  replicas: 3,
  storage: "file",
  ackPolicy: "explicit",
  leader: "n1",
  peers: [],
  delivered: 0,
  ackFloor: 0,
  ackPending: 0,
  ...changes,
});

const rows: readonly Row[] = [
  { story: "UN-01: one dead server of a replicated stream, with a spare: replaced", against: [] },
  {
    story: "UN-01: an R1 on it, in a fresh backup that reaches what was last seen: replaced, and the R1 restored",
    situation: { ...one(), backups: [backup("ONE")] },
    against: [],
  },
  {
    story: "UN-02: an R1 on it without a backup: a person decides",
    situation: one(),
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor with a backup that lacks what was last seen of it",
    situation: { ...one(), backups: [backup("ONE", 499)] },
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor with one that is older than a day, though it reaches that far",
    situation: { ...one(), backups: [backup("ONE", 500, { takenAt: before(90_000_000) })] },
    against: ["step-not-safe"],
  },
  {
    story: "UN-02: nor with one that is not proven",
    situation: { ...one(), backups: [backup("ONE", 500, { proven: false })] },
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor where it was not seen within half a minute of the death what it held",
    situation: { ...one({ countersAt: before(silentMs + 31_000) }), backups: [backup("ONE")] },
    against: ["baseline"],
  },
  {
    story: "UN-02: nor where one R1 of two is covered",
    situation: {
      streams: [r3(), unanswered("ONE"), unanswered("TWO")],
      memory: [remembered("ONE", ["n3"], seenLast), remembered("TWO", ["n3"], seenLast)],
      backups: [backup("ONE")],
    },
    against: ["nothing-ready", "person"],
  },
  {
    story: "UN-02: nor where a stream copies from it, which a person has to look at afterwards",
    situation: {
      ...one(),
      streams: [
        r3(),
        unanswered("ONE"),
        replicated("COPY", ["+n1", "+n2", "+n4"], "n1", {
          config: {
            replicas: 3,
            storage: "file",
            retention: "limits",
            placement: null,
            maxBytes: -1,
            allowDirect: false,
            sealed: false,
            mirror: { name: "ONE", external: null },
            sources: [],
          },
        }),
      ],
      backups: [backup("ONE"), backup("COPY")],
    },
    against: ["person"],
  },
  {
    story: "UN-02: nor where nobody knows where a stream lived",
    situation: { streams: [r3(), unanswered("RIDDLE")], backups: [backup("RIDDLE")] },
    against: ["nothing-ready", "person", "stream-trouble"],
  },
  {
    story: "UN-02: nor where the R1 belongs to another account than the credential",
    situation: {
      ...one(),
      backups: [backup("ONE")],
      later: (sample) => ({ ...sample, sight: { ...sample.sight, account: "OTHER" } }),
    },
    against: ["account"],
  },
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
  {
    story: "UN-06: two dead servers are a person's case, though each could be replaced",
    situation: {
      servers: ["n1", "n2", "!n3", "n4", "!n5", "n6", "n7"],
      offline: ["n3", "n5"],
      streams: [r3(), replicated("OTHER", ["+n1", "+n2", "xn5"], "n1")],
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
      ledger: (ledger) => ({
        ...ledger,
        servers: [{ name: "n9", peer: "old", cluster: "C", tags: [], lastSeen: before(9e8), removedAt: before(8e8) }],
      }),
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
    story: "UN-07: nor where a stream on it is below its quorum",
    situation: { streams: [replicated("ORDERS", ["+n1", "xn3"], null)] },
    against: ["step-not-safe", "stream-trouble"],
  },
  {
    story: "UN-07: a plan that begins safely and ends at something that is not is not begun",
    situation: {
      streams: [r3(), replicated("STUCK", ["+n1", "+n2", "+n4"], null)],
      memory: [
        remembered("ORDERS", ["n1", "n2", "n3"]),
        remembered("STUCK", ["n1", "n2", "n4"], { leaderlessSince: before(60_000) }),
      ],
    },
    against: ["step-not-safe", "stream-trouble"],
  },
  {
    story: "UN-07: nor while any other replica is behind",
    situation: { streams: [r3(), replicated("BUSY", ["+n1", "~n2", "+n4"], "n1")] },
    against: ["stream-trouble"],
  },
  {
    story: "UN-07: nor where another replica of the stream is behind: it is waited for",
    situation: { streams: [replicated("ORDERS", ["+n1", "~n2", "xn3"], "n1")] },
    against: ["nothing-ready"],
  },
  {
    story: "UN-07: nor where a consumer lives on it alone, though its stream does not",
    situation: {
      streams: [
        replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1", {
          consumers: [
            consumer({ replicas: 1, leader: { unseen: "no-answer" }, peers: { unseen: "no-answer" }, ackFloor: 5 }),
          ],
        }),
      ],
      memory: [
        remembered("ORDERS", ["n1", "n2", "n3"], {
          ...seenLast,
          consumers: [{ name: "work", durable: true, replicas: 1, servers: ["n3"], delivered: 5, ackFloor: 5 }],
        }),
      ],
    },
    against: ["stream-trouble"],
  },
  {
    story:
      "UN-07: up to 2.14 nor where a consumer has fewer replicas than its stream, wherever: a removal may reset it",
    situation: {
      version: "2.14.2",
      streams: [
        replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1", { consumers: [consumer({ replicas: 1, leader: "n1" })] }),
      ],
    },
    against: ["stream-trouble"],
  },
  {
    story: "UN-07: nor where a stream shows less than it held",
    situation: {
      streams: [r3(), replicated("OLD", ["+n1", "+n2", "+n4"], "n1", { lastSeq: 100 })],
      memory: [remembered("OLD", ["n1", "n2", "n4"])],
    },
    against: ["person", "signs-of-loss"],
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

function sketchedJetStream(): { readonly enabled: boolean } & Extract<
  ReturnType<typeof sketchServer>["jetstream"],
  { readonly enabled: boolean }
> {
  const { jetstream } = sketchServer("n1");
  assert.ok("enabled" in jetstream);
  return jetstream;
}

function vigilOf(n3: Partial<ServerVigil>, names: readonly string[] = ["n3"]): Vigil {
  const one = { answeredAt: died, silentSince: died, ...n3 };
  return { lookedAt: now, servers: new Map(names.map((name) => [name, one])) };
}

function judge(request: PlanRequest, vigil: Vigil, row: Pick<Row, "signs" | "begun"> = {}): Unasked {
  const signsOfLife = new Map(Object.entries(row.signs ?? {}));
  const begun = new Set(row.begun);
  return mayActUnasked({ plan: planCluster(request), view: viewOf(request), vigil, signsOfLife, begun });
}

describe("what may be done unasked", () => {
  for (const row of rows) {
    it(row.story, () => {
      const request = sketchRequest({ ...gone, streams: [r3()], ...row.situation });
      const { may, reasons } = judge(request, vigilOf(row.vigil ?? {}), row);
      assert.deepEqual(
        [...new Set(reasons.map(({ code }) => code))].sort(),
        [...row.against].sort(),
        JSON.stringify(reasons),
      );
      assert.equal(may, row.against.length === 0);
    });
  }

  it("UN-11: whatever the picture, what is done removes one server that is offline, and costs no quorum and no stream without a fresh backup", () => {
    let done = 0;
    fc.assert(
      fc.property(nearlySafe, (situation) => {
        const request = sketchRequest(situation);
        const names = request.picture.later.servers.map(({ name }) => name);
        if (!judge(request, vigilOf({}, names)).may) return;
        done += 1;
        const { steps } = planCluster(request);
        const view = viewOf(request);
        const removals = steps.filter(({ kind }) => kind === "peer-remove");
        assert.equal(removals.length, 1);
        const dead = view.servers.get(removals[0]?.target.server ?? "");
        assert.ok(dead?.offline && dead.kind === "gone" && !dead.byWord);
        assert.ok(steps.every(({ safe, by, blockers }) => safe && by === "relight" && blockers.length === 0));
        for (const [name, { kind }] of view.servers)
          assert.ok(name === dead.name || kind === "alive", `${name} ${kind}`);
        for (const { key, alive, dead: silent, group } of view.streams) {
          if (!group?.includes(dead.name)) assert.equal(silent.length, 0, key);
          else if (group.length > 1) assert.ok(alive.length * 2 > group.length, key);
          else {
            const { lastSeq = -1 } = view.memory.get(key)?.counters ?? {};
            const name = key.replace("APP/", "");
            assert.ok(
              request.backups.some((one) => one.stream === name && one.lastSeq >= lastSeq),
              key,
            );
            assert.ok(
              steps.some(({ id }) => id === `restore:${key}`),
              key,
            );
          }
        }
      }),
      { numRuns: process.env.RELIGHT_LONG ? 100_000 : 3_000 },
    );
    assert.ok(done > 30, `only ${done} of the random pictures may be acted on, so that this proves little`);
  });

  it("UN-11: nor does any of the pictures that the planner is tried with", () => {
    fc.assert(
      fc.property(randomRequest, (random) => {
        // A word is none that was given to a watch, and without one little is gone in them.
        const { may } = judge(random, vigilOf({}, ["n1", "n2", "n3", "n4", "n5", "n6", "n7"]));
        const unsafe = planCluster(random).steps.some(({ safe, blockers }) => !safe || blockers.length > 0);
        assert.ok(!may || !unsafe);
      }),
      { numRuns: 1_000 },
    );
  });
});

const all = ["n1", "n2", "n3", "n4", "n5", "n6", "n7"];
const often = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

/** Clusters of which one server is dead, and now and then something else is not as it should be. */
const nearlySafe: fc.Arbitrary<Situation> = fc
  .record({
    size: fc.integer({ min: 3, max: 7 }),
    dead: often<readonly string[]>(["n3"], [], ["n2", "n3"], ["n1"]),
    offline: often<readonly string[]>(["n1", "n2", "n3"], []),
    silentMs: often(silentMs, 25_000, 200_000),
    version: fc.constantFrom("2.10.27", "2.12.4", "2.15.1"),
    starting: often<string | null>(null, "n2"),
    streams: fc.array(
      fc.record({
        peers: fc.shuffledSubarray(all, { minLength: 1, maxLength: 3 }),
        behind: often(false, true),
        led: often(true, false),
        backupSeq: often(500, 499, 501, 0),
        proven: often(true, false),
        backupAgeMs: often(3_600_000, 90_000_000),
        seenMs: often(silentMs, silentMs + 60_000),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ size, dead, offline, streams, starting, ...draft }): Situation => {
    const names = all.slice(0, size);
    const placed = streams.map((stream, index) => {
      const peers = stream.peers.filter((peer) => names.includes(peer));
      return { ...stream, name: `S${index}`, peers: peers.length > 0 ? peers : ["n3"] };
    });
    return {
      version: draft.version,
      silentMs: draft.silentMs,
      servers: names.map((name) => (dead.includes(name) ? `!${name}` : name)),
      offline: offline.filter((name) => dead.includes(name)),
      streams: placed.map(({ name, peers, behind, led }) => {
        const living = peers.filter((peer) => !dead.includes(peer));
        if (living.length === 0) return unanswered(name);
        const marks = peers.map((peer) => {
          const mark = dead.includes(peer) ? "x" : behind && peer === living[1] ? "~" : "+";
          return `${mark}${peer}` as const;
        });
        const leader = led && living.length * 2 > peers.length ? (living[0] ?? null) : null;
        return replicated(name, marks, leader);
      }),
      memory: placed.map(({ name, peers, seenMs }) => remembered(name, peers, { countersAt: before(seenMs) })),
      backups: placed.map(({ name, backupSeq, proven, backupAgeMs }) =>
        backup(name, backupSeq, { proven, takenAt: before(backupAgeMs) }),
      ),
      ...(starting === null
        ? {}
        : {
            server: {
              [starting]: { health: { ok: false, errors: ["JetStream is not current with the meta leader"] } },
            },
          }),
    };
  });
