import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { AuditLog } from "./audit-log.ts";

describe("the audit log", () => {
  it("is only ever added to, in lines that say when and in which run", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "state", "prod.audit.jsonl");
      const first = await AuditLog.open(path, "run-1");
      await first.write({ event: "begun" });
      await (await AuditLog.open(path, "run-2")).write({ event: "ended", outcome: "whole" });
      const lines = (await readFile(path, "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        lines.map(({ run, event, outcome }) => [run, event, outcome]),
        [
          ["run-1", "begun", undefined],
          ["run-2", "ended", "whole"],
        ],
      );
      assert.ok(lines.every(({ time }) => !Number.isNaN(Date.parse(time))));
    }));

  it("CA-06: stays readable after a line that a kill cut off", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "prod.audit.jsonl");
      await (await AuditLog.open(path, "run-1")).write({ event: "begun" });
      await appendFile(path, '{"time":"2026-');
      await (await AuditLog.open(path, "run-2")).write({ event: "begun" });
      const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
      assert.equal(lines.length, 3);
      assert.equal(JSON.parse(lines[2] ?? "").run, "run-2");
    }));
});
