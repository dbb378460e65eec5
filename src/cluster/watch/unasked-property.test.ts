import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { judgeUnasked, silentMs, vigilOf } from "../../testing/check-unasked.ts";
import { randomRequest } from "../../testing/random-situation.ts";
import {
  backup,
  before,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import { planCluster } from "../plan/plan-cluster.ts";
import { viewOf } from "../plan/view.ts";

describe("what may be done unasked, whatever the picture", () => {
  it("UN-11: whatever the picture, what is done removes one server that is offline, and costs no quorum and no stream without a fresh backup", () => {
    let done = 0;
    fc.assert(
      fc.property(nearlySafe, (situation) => {
        const request = sketchRequest(situation);
        const names = request.picture.later.servers.map(({ name }) => name);
        if (!judgeUnasked(request, vigilOf({}, names)).may) return;
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
        const { may } = judgeUnasked(random, vigilOf({}, all));
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
