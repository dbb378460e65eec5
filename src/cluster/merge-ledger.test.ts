import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PeerSketch } from "../testing/sketch-cluster.ts";
import { remembered, replicated, type Situation, sketchRequest, unanswered } from "../testing/sketch-situation.ts";
import { acceptStream, emptyLedger, findStream, type Ledger } from "./ledger.ts";
import { mergeLedger } from "./merge-ledger.ts";
import { noteBegun, noteDone } from "./note-done.ts";
import type { Sample } from "./picture.ts";
import { makeStep, verifications } from "./plan/make-step.ts";

const three = ["n1", "n2", "n3"];
const ledgerOf = (...streams: Ledger["streams"]): Ledger => ({ ...emptyLedger, streams });
const merge = (ledger: Ledger, situation: Situation): Ledger => mergeLedger(ledger, sketchRequest(situation).picture);

describe("the ledger", () => {
  it("LG-01: remembers where streams are, what they hold, and when", () => {
    const ledger = merge(emptyLedger, {
      servers: three,
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], "n1"), replicated("ONE", ["+n2"], "n2")],
    });
    assert.deepEqual(findStream(ledger, "APP", "ORDERS")?.servers, three);
    const one = findStream(ledger, "APP", "ONE");
    assert.deepEqual([one?.servers, one?.counters?.lastSeq, one?.replicas], [["n2"], 500, 1]);
    assert.equal(one?.countersAt, ledger.updatedAt);
    assert.deepEqual(
      ledger.servers.map(({ name }) => name),
      three,
    );
  });

  it("LG-02: forgets nothing because it was not seen", () => {
    const before = ledgerOf(remembered("ONE", ["n3"]));
    const after = merge(before, { servers: ["n1", "n2", "!n3"], streams: [unanswered("ONE")] });
    const { servers, counters, countersAt, replicas, created } = findStream(after, "APP", "ONE") ?? {};
    const was = before.streams[0];
    assert.deepEqual(
      [servers, counters, countersAt, replicas, created],
      [["n3"], was?.counters, was?.countersAt, 1, was?.created],
    );
    assert.ok(findStream(merge(before, { servers: three }), "APP", "ONE"), "vanished from the inventory");
  });

  it("LG-09: remembers since when a server is missed, until it answers", () => {
    const missed = (ledger: Ledger): string | null | undefined =>
      ledger.servers.find(({ name }) => name === "n3")?.missedAt;
    const first = merge(emptyLedger, { servers: ["n1", "n2", "!n3"] });
    assert.equal(missed(first), first.updatedAt);
    const later = (sample: Sample): Sample => ({ ...sample, takenAt: "2026-01-01T12:00:09.000Z" });
    assert.equal(missed(merge(first, { servers: ["n1", "n2", "!n3"], later })), first.updatedAt);
    assert.equal(missed(merge(first, { servers: three })), null);
  });

  it("LG-03: keeps the baseline of a stream that went back, was emptied or was created anew", () => {
    const before = ledgerOf(remembered("ONE", ["n3"]));
    for (const changes of [{ lastSeq: 0 }, { lastSeq: 499 }, { created: "2026-01-01T11:00:00Z", lastSeq: 900 }]) {
      const after = merge(before, { servers: three, streams: [replicated("ONE", ["+n1"], "n1", changes)] });
      const stream = findStream(after, "APP", "ONE");
      assert.equal(stream?.counters?.lastSeq, 500, JSON.stringify(changes));
      assert.equal(stream?.created, "2026-01-01T00:00:00Z");
    }
  });

  it("LG-04: takes what is there for right once that is accepted", () => {
    const before = acceptStream(ledgerOf(remembered("ONE", ["n3"])), "APP/ONE");
    const after = merge(before, { servers: three, streams: [replicated("ONE", ["+n1"], "n1", { lastSeq: 20 })] });
    assert.equal(findStream(after, "APP", "ONE")?.counters?.lastSeq, 20);
  });

  it("LG-08: remembers beside it what has its name now, as far as it got, until the old one is back or the new one accepted", () => {
    const anew = (lastSeq: number): Situation => ({
      servers: three,
      streams: [replicated("ONE", ["+n1"], "n1", { created: "2026-01-01T11:00:00Z", lastSeq })],
    });
    const known = remembered("ONE", ["n3"]);
    const after = merge(merge(ledgerOf(known), anew(900)), anew(20));
    const { anew: newer, counters } = findStream(after, "APP", "ONE") ?? {};
    assert.deepEqual([newer?.created, newer?.counters.lastSeq, counters?.lastSeq], ["2026-01-01T11:00:00Z", 900, 500]);
    const back = merge(after, {
      servers: three,
      streams: [replicated("ONE", ["+n1"], "n1", { created: "2026-01-01T00:00:00Z" })],
    });
    assert.equal(findStream(back, "APP", "ONE")?.anew, null);
    assert.equal(findStream(acceptStream(after, "APP/ONE"), "APP", "ONE")?.anew, null);
    assert.equal(findStream(merge(ledgerOf(known), anew(0)), "APP", "ONE")?.anew, null, "nothing is in it");
    const restoring = ledgerOf({ ...known, restoringAt: known.seenAt });
    assert.equal(findStream(merge(restoring, anew(200)), "APP", "ONE")?.anew, null, "it is being restored");
  });

  it("LG-09: remembers of a restored stream which ones it goes on with", () => {
    const restore = (created: string | null): ReturnType<typeof makeStep> =>
      makeStep({
        kind: "restore",
        id: "APP/ONE",
        target: { account: "APP", stream: "ONE" },
        why: "",
        verify: verifications.contentEqual,
        arguments: { created },
      });
    const known = { ...remembered("ONE", ["n3"], { created: "B" }), restoredFrom: ["A"] };
    const after = (created: string | null): readonly string[] | undefined =>
      findStream(noteDone(ledgerOf(known), restore(created), "2026-01-01T12:00:00Z"), "APP", "ONE")?.restoredFrom;
    assert.deepEqual([after("B"), after("A"), after("other"), after(null)], [["A", "B"], ["A"], ["other"], []]);
  });

  it("LG-05: knows since when a stream is in trouble, and forgets that with the trouble", () => {
    const leaderless = { servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], null)] };
    const first = merge(emptyLedger, leaderless);
    const since = findStream(first, "APP", "ORDERS")?.leaderlessSince;
    assert.equal(since, first.updatedAt);
    const later = mergeLedger(first, {
      ...sketchRequest(leaderless).picture,
      later: { ...sketchRequest(leaderless).picture.later, takenAt: "2026-01-01T13:00:00.000Z" },
    });
    assert.equal(findStream(later, "APP", "ORDERS")?.leaderlessSince, since);
    // A server that answers, and says nothing of the one stream that only it has.
    const known = { ...emptyLedger, streams: [remembered("ONE", ["n3"])] };
    const forgotten = merge(known, { servers: three, streams: [unanswered("ONE")] });
    assert.equal(findStream(forgotten, "APP", "ONE")?.leaderlessSince, forgotten.updatedAt);
    const dead = merge(known, { servers: ["n1", "n2", "!n3"], streams: [unanswered("ONE")] });
    assert.equal(findStream(dead, "APP", "ONE")?.leaderlessSince, null);
    const healed = merge(later, { servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], "n1")] });
    assert.equal(findStream(healed, "APP", "ORDERS")?.leaderlessSince, null);
  });

  it("LG-06: remembers of steps what no picture tells", () => {
    const at = "2026-01-01T12:00:00Z";
    const target = { account: "APP", stream: "ORDERS" };
    const of = (
      kind: "scale-down" | "scale-up" | "step-down" | "delete-stub" | "restore",
      replicas: number | null = null,
    ) => makeStep({ kind, id: "APP/ORDERS", target, why: "", verify: verifications.person, arguments: { replicas } });
    const ledger = ledgerOf(remembered("ORDERS", three));
    const stream = (one: Ledger) => findStream(one, "APP", "ORDERS");
    const down = noteDone(ledger, of("scale-down"), at);
    assert.equal(stream(down)?.scaledFrom, 3);
    assert.equal(stream(noteDone(down, of("scale-up"), at))?.scaledFrom, null);
    assert.equal(stream(noteDone(ledger, of("step-down"), at))?.stepDownAt, at);
    const work = { name: "work", durable: true, replicas: 3, servers: three, delivered: 30, ackFloor: 30 };
    const stepped = noteDone(
      ledgerOf(remembered("ORDERS", three, { consumers: [work] })),
      { ...of("step-down"), target: { ...of("step-down").target, consumer: "work" } },
      at,
    );
    assert.deepEqual(stream(stepped)?.consumers, [{ ...work, stepDownAt: at }]);
    assert.equal(stream(stepped)?.stepDownAt, null);
    const deleted = noteDone(ledger, of("delete-stub"), at);
    assert.equal(stream(deleted)?.deletedAt, at);
    assert.equal(stream(noteDone(deleted, of("restore"), at))?.deletedAt, null);
    const restored = stream(noteDone(ledger, of("restore", 1), at));
    assert.deepEqual([restored?.counters, restored?.scaledFrom], [null, 3]);
  });

  it("LG-06: forgets that a stream was scaled down once it is led and all its replicas follow, whoever saw to that", () => {
    const scaled = ledgerOf(remembered("ORDERS", three, { scaledFrom: 3 }));
    const after = (peers: readonly PeerSketch[], leader: string | null): number | null | undefined =>
      findStream(merge(scaled, { servers: three, streams: [replicated("ORDERS", peers, leader)] }), "APP", "ORDERS")
        ?.scaledFrom;
    assert.equal(after(["+n1", "+n2", "+n3"], "n1"), null);
    assert.equal(after(["+n1"], "n1"), 3, "still scaled down");
    assert.equal(after(["+n1", "+n2", "xn3"], "n1"), 3, "one does not follow");
    assert.equal(after(["+n1", "+n2", "+n3"], null), 3, "before the request has its effect it has nobody to lead it");
  });

  it("LG-08: remembers before a step is sent what nothing else would tell, should it be cut off", () => {
    const at = "2026-01-01T12:00:00Z";
    const target = { account: "APP", stream: "ORDERS" };
    const of = (kind: "scale-down" | "delete-stub" | "restore" | "scale-up") =>
      makeStep({ kind, id: "APP/ORDERS", target, why: "", verify: verifications.person, arguments: { replicas: 1 } });
    const ledger = ledgerOf(remembered("ORDERS", three));
    const stream = (one: Ledger) => findStream(one, "APP", "ORDERS");
    assert.equal(stream(noteBegun(ledger, of("scale-down"), at))?.scaledFrom, 3);
    assert.equal(stream(noteBegun(ledger, of("delete-stub"), at))?.deletedAt, at);
    assert.deepEqual(noteBegun(ledger, of("scale-up"), at), ledger);
    // A restore has ended when it is done, and so has one that was cut off when what it left is deleted; not when that is only sent.
    const restoring = noteBegun(ledger, of("restore"), at);
    assert.deepEqual([stream(restoring)?.restoringAt, stream(restoring)?.counters?.lastSeq], [at, 500]);
    assert.equal(stream(noteBegun(restoring, of("delete-stub"), at))?.restoringAt, at);
    assert.equal(stream(noteDone(restoring, of("delete-stub"), at))?.restoringAt, null);
    assert.equal(stream(noteDone(restoring, of("restore"), at))?.restoringAt, null);
    // Of one that only its backup tells of, too.
    const unknown = noteBegun(
      emptyLedger,
      { ...of("restore"), arguments: { ...of("restore").arguments, created: at } },
      at,
    );
    assert.deepEqual(
      [stream(unknown)?.restoringAt, stream(unknown)?.created, stream(unknown)?.counters],
      [at, at, null],
    );
  });

  it("LG-08: does not remember a deletion of what is back with all that it held: it was never sent", () => {
    const known = { ...remembered("ONE", ["n3"]), deletedAt: "2026-01-01T11:59:00Z" };
    const after = (lastSeq: number, created = "2026-01-01T00:00:00Z"): string | null | undefined =>
      findStream(
        merge(ledgerOf(known), { servers: three, streams: [replicated("ONE", ["+n3"], "n3", { lastSeq, created })] }),
        "APP",
        "ONE",
      )?.deletedAt;
    assert.equal(after(500), null);
    assert.equal(after(0), known.deletedAt, "what is left under the name");
    assert.equal(after(500, "2026-01-01T11:59:30Z"), known.deletedAt, "made anew");
  });

  it("LG-07: remembers a removed server until it is a member again, whatever it says of itself", () => {
    const first = merge(emptyLedger, { servers: three });
    const removal = makeStep({
      kind: "peer-remove",
      id: "n3",
      target: { server: "n3" },
      why: "",
      verify: verifications.healed,
    });
    const at = "2026-01-01T12:00:00Z";
    const removed = noteDone(first, removal, at);
    const removedAt = (ledger: Ledger) => ledger.servers.find(({ name }) => name === "n3")?.removedAt;
    assert.equal(removedAt(removed), at);
    const peers = [{ name: "n1", peer: "fjFyEjc1", standing: { unseen: "not-told" } as const }];
    assert.equal(removedAt(merge(removed, { servers: three, meta: { peers } })), at, "it answers, and is no member");
    assert.equal(removedAt(merge(removed, { servers: three })), null);
  });
});
