import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type PeerSketch, sketchPeer, sketchSample, sketchStream } from "../../testing/sketch-cluster.ts";
import { clusterStatus } from "../cluster-status.ts";
import type { Sample, StreamPicture } from "../picture.ts";
import { type WatchedThing, watchedChanges, watchedThings } from "./watched-things.ts";

const orders = (...peers: readonly PeerSketch[]): StreamPicture =>
  sketchStream("ORDERS", { peers, leader: "n1", replicas: 3 });
const whole = orders("+n1", "+n2", "+n3");
const things = (later: Sample, earlier: Sample | null = null): readonly WatchedThing[] =>
  watchedThings(clusterStatus({ format: "relight-cluster-picture", formatVersion: 1, earlier, later }));
const names = ["n1", "n2", "n3"];
const well = sketchSample(names, [whole]);
const changes = (before: readonly WatchedThing[] | null, now: readonly WatchedThing[]): readonly string[] =>
  watchedChanges(before, now).map(({ subject, name, was, light, vanished }) => {
    return `${subject} ${name} ${was} ${vanished ? "vanished" : light}`;
  });

describe("what a watch tells of", () => {
  it("WA-03: is nothing where all is well and stays so, and in the first look what is not well", () => {
    assert.deepEqual(changes(null, things(well)), []);
    assert.deepEqual(changes(things(well), things(well)), []);
    const short = sketchSample(["n1", "n2", "!n3"], [orders("+n1", "+n2", "-n3")]);
    assert.deepEqual(changes(null, things(short)), [
      "meta meta null yellow",
      "server n3 null red",
      "stream APP/ORDERS null yellow",
    ]);
  });

  it("WA-03: is each thing once, when it changes and when it is well again", () => {
    const short = things(sketchSample(["n1", "n2", "!n3"], [orders("+n1", "+n2", "-n3")]));
    const first = ["meta meta green yellow", "server n3 green red", "stream APP/ORDERS green yellow"];
    assert.deepEqual(changes(things(well), short), first);
    assert.deepEqual(changes(short, short), []);
    assert.deepEqual(changes(short, things(well)).length, 3);
  });

  it("WA-03: is not the time that passes", () => {
    const dead = (seenAt: string, activeMs: number): readonly WatchedThing[] => {
      const sample = sketchSample(["n1", "n2", "!n3"], [whole]);
      const silent = { ...sketchPeer("-n3"), standing: { current: false, offline: false, activeMs, lag: 0 } };
      assert.ok("peers" in sample.meta);
      return things({
        ...sample,
        servers: sample.servers.map((one) => (one.name === "n3" ? { ...one, lastSeen: seenAt } : one)),
        meta: { ...sample.meta, peers: [sketchPeer("+n1"), sketchPeer("+n2"), silent] },
      });
    };
    const before = dead("2026-01-01T00:00:00Z", 12_000);
    assert.match(before.find(({ name }) => name === "n3")?.reason ?? "", /it did at 00:00:00 UTC.*last heard 12 s ago/);
    assert.deepEqual(changes(before, dead("2026-01-01T00:00:05Z", 17_000)), []);
  });

  it("WA-04: is not a replica that is behind in one look; in two it is", () => {
    const lagging = sketchSample(names, [orders("+n1", "+n2", "~n3")]);
    assert.deepEqual(changes(things(well), things(lagging, well)), []);
    assert.deepEqual(changes(things(well), things(lagging, lagging)), ["stream APP/ORDERS green yellow"]);
  });

  it("WA-03: is a stream that is new, and one that vanished", () => {
    const none = things(sketchSample(names, []));
    assert.deepEqual(changes(none, things(well)), ["stream APP/ORDERS null green"]);
    assert.deepEqual(changes(things(well), none), ["stream APP/ORDERS green vanished"]);
  });
});
