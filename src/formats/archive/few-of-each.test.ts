import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metaEntries } from "../../testing/test-archive.ts";
import { blk, inspect, range } from "../../testing/v1-entries.ts";
import type { ArchiveProblem } from "./archive-report.ts";
import { fewOfEach } from "./few-of-each.ts";

const problems = (count: number, rest: Pick<ArchiveProblem, "code" | "severity">): ArchiveProblem[] =>
  Array.from({ length: count }, (_, index) => ({ ...rest, message: `${index}` }));

describe("the problems of an archive", () => {
  it("V1-64 are told one by one up to twenty of a kind, and then by their number", () => {
    const notes = problems(20, { code: "unknown-entry", severity: "note" });
    assert.deepEqual(fewOfEach(notes), notes);
    const fatal = problems(23, { code: "missing-block", severity: "fatal" });
    assert.deepEqual(fewOfEach([...fatal, ...notes]), [
      ...fatal.slice(0, 20),
      ...notes,
      {
        code: "missing-block",
        severity: "fatal",
        message: "3 more problems of this kind (missing-block)",
        count: 3,
      },
    ]);
  });

  it("V1-63 are found in time that grows with the archive, however many blocks repeat what went before", () => {
    const time = (blocks: number): number => {
      const entries = range(1, blocks).map((number) => blk(number, range(1, 60)));
      const began = performance.now();
      const report = inspect([...metaEntries("S"), ...entries], { verifyRecords: false });
      assert.equal(report.live.messages, 60);
      assert.equal(report.problems.filter(({ code }) => code === "overlapping-blocks").length, 21);
      return performance.now() - began;
    };
    time(200);
    assert.ok(time(8_000) < 20_000);
  });
});
