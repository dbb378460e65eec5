import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { ArchiveInspector } from "./archive-inspector.ts";
import type { ArchiveReport } from "./archive-report.ts";
import { V1Converter } from "./convert-to-v1.ts";

const fixtures = new URL("../testdata/2.15.1/", import.meta.url);
const names = readdirSync(fixtures).filter((name) => name.endsWith(".s2"));

function inspect(bytes: Uint8Array): ArchiveReport {
  const inspector = new ArchiveInspector();
  inspector.push(bytes);
  return inspector.end();
}

function convert(bytes: Uint8Array, name: string, compress: boolean, pieceBytes = 1024): Uint8Array {
  const pieces: Uint8Array[] = [];
  const converter = new V1Converter({
    config: { name, subjects: [`${name}.>`], retention: "limits", storage: "file" },
    created: "2026-01-02T03:04:05.000000006Z",
    compress,
    write: (piece) => pieces.push(piece.slice()),
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) converter.push(bytes.subarray(at, at + pieceBytes));
  converter.end();
  return Buffer.concat(pieces);
}

describe("an archive of nats-server 2.15 turned into one of the older format", () => {
  for (const file of names) {
    const source = readFileSync(new URL(file, fixtures));
    const stream = file.replace(/\.s2$/, "");
    for (const compress of [true, false]) {
      it(`${stream}${compress ? "" : ", uncompressed"}: holds the same messages and consumers, and every checksum is right`, () => {
        const before = inspect(source);
        const after = inspect(convert(source, stream, compress));
        assert.equal(after.format, "v1");
        assert.deepEqual(
          after.problems.filter((problem) => problem.severity === "fatal"),
          [],
        );
        assert.equal(after.stream?.name, stream);
        assert.equal(after.stream?.created, "2026-01-02T03:04:05.000000006Z");
        assert.ok(after.live.ranges.equals(before.live.ranges));
        assert.equal(after.lastSequence, before.lastSequence);
        assert.equal(after.live.firstTime, before.live.firstTime);
        assert.equal(after.live.lastTime, before.live.lastTime);
        assert.equal(after.ttlMessages, before.ttlMessages);
        assert.equal(after.resurrects, 0, "nothing dead is inside, so even the oldest server restores it rightly");
        const inOrder = (report: ArchiveReport): unknown[] =>
          [...report.consumers]
            .sort((a, b) => (a.name < b.name ? -1 : 1))
            .map(({ name, config, state }) => ({
              name,
              config,
              ackFloor: state?.ackFloor,
              delivered: state?.delivered,
              pending: state && [...state.pending.stream],
              deliveries: state && [...state.pending.consumer],
              // The older format keeps whole seconds.
              times: state && [...state.pending.time].map((time) => time / 1_000_000_000n),
              redelivered: state && [...state.redelivered.stream, ...state.redelivered.count],
            }));
        assert.deepEqual(inOrder(after), inOrder(before));
      });
    }
  }

  it("comes out the same however the source is cut", () => {
    const source = readFileSync(new URL("MIXED.s2", fixtures));
    const whole = convert(source, "MIXED", true, source.length);
    for (const size of [1, 7, 100, 4096]) assert.deepEqual(convert(source, "MIXED", true, size), whole);
  });

  it("is refused when the source is cut off, and nothing is made of an older archive", () => {
    const source = readFileSync(new URL("MIXED.s2", fixtures));
    assert.throws(
      () => convert(source.subarray(0, source.length - 3), "MIXED", true),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
    const older = readFileSync(new URL("../testdata/2.14.6/MIXED.s2", import.meta.url));
    assert.throws(
      () => convert(older, "MIXED", true),
      (error) => isRelightError(error, "BACKUP_INVALID"),
    );
  });
});
