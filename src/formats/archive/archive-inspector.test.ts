import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ArchiveFixture, archiveFixture, archiveFixtures } from "../../testing/fixtures.ts";
import { nanoseconds } from "../../testing/nanoseconds.ts";
import { ArchiveInspector, type ArchiveReport, type InspectOptions } from "./archive-inspector.ts";

function inspect({ archive }: Pick<ArchiveFixture, "archive">, options?: InspectOptions, piece = 4096): ArchiveReport {
  const inspector = new ArchiveInspector(options);
  for (let at = 0; at < archive.length; at += piece) inspector.push(archive.subarray(at, at + piece));
  return inspector.end();
}

describe("archives of real servers", () => {
  for (const fixture of archiveFixtures()) {
    const { version, stream, facts } = fixture;
    it(`${version} ${stream}: holds what the server said`, () => {
      const report = inspect(fixture);
      assert.deepEqual([...report.live.ranges], facts.live);
      assert.equal(report.live.messages, facts.state.messages);
      assert.equal(report.lastSequence, facts.state.last_seq);
      if (facts.firstTime !== undefined && facts.lastTime !== undefined) {
        assert.equal(report.live.firstTime, nanoseconds(facts.firstTime));
        assert.equal(report.live.lastTime, nanoseconds(facts.lastTime));
      } else {
        assert.deepEqual([report.live.firstTime, report.live.lastTime], [undefined, undefined]);
      }
      // A stream in memory counts its bytes otherwise.
      if (report.live.bytes !== undefined && stream !== "MEMORY") assert.equal(report.live.bytes, facts.state.bytes);
      assert.deepEqual(report.problems, []);
      assert.equal(report.format, version.startsWith("2.15") ? "v2" : "v1");
      assert.equal(report.encodedBytes, fixture.archive.length);
    });

    it(`${version} ${stream}: has every consumer of the server's, where it stood`, () => {
      const report = inspect(fixture);
      // v1 leaves out consumers in memory.
      const expected = facts.consumers.filter((one) => report.format === "v2" || !one.config.mem_storage);
      const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
      assert.deepEqual(
        [...report.consumers].sort(byName).map(({ name, state }) => ({
          name,
          delivered: { consumer_seq: state?.delivered.consumer, stream_seq: state?.delivered.stream },
          ack_floor: { consumer_seq: state?.ackFloor.consumer, stream_seq: state?.ackFloor.stream },
          pending: state?.pending.length,
          redelivered: state?.redelivered.length,
        })),
        [...expected].sort(byName).map((one) => ({
          name: one.name,
          // The server's answer has a time beside the two sequences.
          delivered: { consumer_seq: one.delivered.consumer_seq, stream_seq: one.delivered.stream_seq },
          ack_floor: { consumer_seq: one.ack_floor.consumer_seq, stream_seq: one.ack_floor.stream_seq },
          pending: one.num_ack_pending,
          redelivered: one.num_redelivered,
        })),
      );
    });
  }

  it("V1-05 have the stream's configuration and creation inside, in v1", () => {
    for (const { version, stream, archive, facts } of archiveFixtures()) {
      const report = inspect({ archive });
      if (report.format === "v2") {
        assert.equal(report.stream, undefined);
        continue;
      }
      assert.equal(report.stream?.name, stream, version);
      assert.equal(nanoseconds(report.stream?.created ?? ""), nanoseconds(facts.created));
      assert.deepEqual(report.stream?.config.subjects, facts.config.subjects);
      assert.equal(report.stream?.config.description, facts.config.description);
    }
  });

  it("give the same report, however the bytes are cut", () => {
    for (const version of ["2.9.25", "2.10.18", "2.14.6", "2.15.1"]) {
      for (const stream of ["MIXED", "CONSUMED"]) {
        const fixture = archiveFixture(version, stream);
        const whole = inspect(fixture, {}, fixture.archive.length);
        for (const piece of [1, 3, 100]) assert.deepEqual(inspect(fixture, {}, piece), whole);
      }
    }
  });

  it("V1-24, V1-21: are decided by N.idx on 2.9, by index.db after that", () => {
    assert.equal(inspect(archiveFixture("2.9.25", "KV_BUCKET")).index, "idx");
    for (const version of ["2.10.18", "2.10.26", "2.11.11", "2.12.8", "2.14.6"]) {
      const report = inspect(archiveFixture(version, "KV_BUCKET"));
      assert.deepEqual([report.index, report.indexMatches], ["index.db", true]);
      // 82 records are in the block, and nothing but the index says that 73 of them are gone.
      assert.deepEqual(report.records, { total: 82, erased: 0, tombstones: 0, deletedByIndex: 73 });
      assert.equal(report.liveWithoutIndexDiffers, true);
    }
  });

  it("V1-27 tell how many dead messages a server before 2.10 would bring back", () => {
    const counts = (stream: string): number[] =>
      ["2.9.25", "2.10.26", "2.14.6", "2.15.1"].map((version) => inspect(archiveFixture(version, stream)).resurrects);
    assert.deepEqual(counts("MIXED"), [0, 5, 5, 0]);
    assert.deepEqual(counts("WORK"), [0, 14, 14, 0]);
    assert.deepEqual(counts("KV_BUCKET"), [0, 73, 73, 0]);
    assert.deepEqual(counts("LIMITED"), [0, 70, 70, 0]);
    assert.deepEqual(counts("CONSUMED"), [0, 0, 0, 0]);
    // Nothing comes back of a purged stream, but such a server would count from the beginning again.
    const purged = inspect(archiveFixture("2.14.6", "PURGED"));
    assert.deepEqual([purged.resurrects, purged.lastSequence, purged.lastSequenceBefore210], [0, 25, 0]);
    assert.equal(inspect(archiveFixture("2.9.25", "PURGED")).lastSequenceBefore210, 25);
  });

  it("count messages with a time to live of their own, and those that are too old", () => {
    for (const version of ["2.11.11", "2.12.8", "2.14.6", "2.15.1"]) {
      const fixture = archiveFixture(version, "TTL");
      const { live, ttlMessages, expired } = inspect(fixture);
      const first = live.firstTime ?? 0n;
      // 1h, never, none, 86400, 1h30m, twice; sequences 1 (1h) and 4 (86400) are deleted.
      assert.deepEqual([live.messages, ttlMessages, expired], [8, 6, 0]);
      const hour = 3_600_000_000_000n;
      const at = (now: bigint): number => inspect(fixture, { now }).expired;
      assert.deepEqual([at(first + hour / 2n), at(first + (5n * hour) / 4n), at(first + 2n * hour)], [0, 1, 3]);
      assert.equal(at(first + 48n * hour), 4);
      const before = (limit: bigint): number => inspect(fixture, { expiredBefore: limit }).expired;
      assert.deepEqual([before(first), before(first + 1n), before((live.lastTime ?? 0n) + 1n)], [0, 1, 8]);
    }
  });

  it("count old messages among the live ones only", () => {
    for (const version of ["2.9.25", "2.10.26", "2.14.6", "2.15.1"]) {
      const report = inspect(archiveFixture(version, "BLOCKS"), { expiredBefore: 2n ** 62n });
      assert.equal(report.expired, report.live.messages);
    }
  });

  it("of another stream than was asked for are named", () => {
    const [right, wrong] = ["MIXED", "OTHER"].map((streamName) =>
      inspect(archiveFixture("2.12.8", "MIXED"), { streamName }),
    );
    assert.deepEqual(right?.problems, []);
    assert.deepEqual(
      wrong?.problems.map(({ code, severity }) => [code, severity]),
      [["stream-name", "fatal"]],
    );
  });

  it("tell how far they have come", () => {
    const { archive } = archiveFixture("2.14.6", "BLOCKS");
    const inspector = new ArchiveInspector();
    assert.deepEqual([inspector.messages, inspector.encodedBytes, inspector.decodedBytes], [0, 0, 0]);
    inspector.push(archive);
    assert.equal(inspector.messages, 117);
    const report = inspector.end();
    assert.deepEqual([inspector.encodedBytes, inspector.decodedBytes], [archive.length, report.decodedBytes]);
  });
});

describe("a report", () => {
  it("travels between threads, apart from the set of sequences", () => {
    const { live, ...rest } = inspect(archiveFixture("2.14.6", "CONSUMED"));
    assert.deepEqual(structuredClone(rest), rest);
    assert.equal(live.ranges.count, 50);
  });
});
