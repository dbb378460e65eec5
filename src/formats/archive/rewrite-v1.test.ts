import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { ArchiveInspector } from "./archive-inspector.ts";
import type { ArchiveReport } from "./archive-report.ts";
import { V1Rewriter } from "./rewrite-v1.ts";

const testdata = new URL("../testdata/", import.meta.url);
const versions = readdirSync(testdata).filter((name) => /^2\.(9|1[0-4])\./.test(name));

function inspect(bytes: Uint8Array): ArchiveReport {
  const inspector = new ArchiveInspector();
  inspector.push(bytes);
  return inspector.end();
}

function rewrite(bytes: Uint8Array, report: ArchiveReport, pieceBytes = 4096): Uint8Array {
  assert.ok(report.stream);
  const pieces: Uint8Array[] = [];
  const rewriter = new V1Rewriter({
    config: report.stream.config as { name: string },
    created: report.stream.created,
    live: report.live.ranges,
    lastSequence: report.lastSequence,
    write: (piece) => pieces.push(piece.slice()),
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) rewriter.push(bytes.subarray(at, at + pieceBytes));
  rewriter.end();
  return Buffer.concat(pieces);
}

describe("a v1 archive written anew", () => {
  for (const version of versions) {
    const folder = new URL(`${version}/`, testdata);
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".s2"))) {
      it(`${version} ${file}: holds the live messages only, so that no server needs an index to know them`, () => {
        const source = readFileSync(new URL(file, folder));
        const before = inspect(source);
        const rewritten = rewrite(source, before);
        const after = inspect(rewritten);
        assert.deepEqual(
          after.problems.filter(({ severity }) => severity === "fatal"),
          [],
        );
        assert.ok(after.live.ranges.equals(before.live.ranges));
        assert.equal(after.lastSequence, before.lastSequence);
        assert.deepEqual([after.index, after.liveWithoutIndexDiffers, after.resurrects], ["none", false, 0]);
        assert.equal(after.records.tombstones, 0);
        assert.equal(after.stream?.created, before.stream?.created);
        assert.deepEqual(after.stream?.config, before.stream?.config);
        if (before.live.bytes !== undefined) assert.equal(after.live.bytes, before.live.bytes);
        assert.equal(after.ttlMessages, before.ttlMessages);
        assert.deepEqual(
          after.consumers.map(({ name, config, created }) => ({ name, config, created })),
          before.consumers.map(({ name, config, created }) => ({ name, config, created })),
        );
        assert.deepEqual(rewrite(rewritten, after), rewritten, "once more changes nothing");
        if (file === "MIXED.s2") assert.deepEqual(rewrite(source, before, 7), rewritten, "however the source is cut");
      });
    }
  }

  it("is refused when the source is cut off, or is v2", () => {
    const source = readFileSync(new URL("2.14.6/MIXED.s2", testdata));
    const report = inspect(source);
    assert.throws(
      () => rewrite(source.subarray(0, source.length - 3), report),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
    const newer = readFileSync(new URL("2.15.1/MIXED.s2", testdata));
    assert.throws(
      () => rewrite(newer, report),
      (error) => isRelightError(error, "BACKUP_INVALID"),
    );
  });
});
