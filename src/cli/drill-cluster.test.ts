import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";

const entry = fileURLToPath(new URL("../testing/relight-from-source.ts", import.meta.url));

interface Report {
  readonly ok: boolean;
  readonly directory: string;
  readonly seconds: { readonly recovery: number };
  readonly steps: readonly { readonly kind: string }[];
  readonly streams: readonly {
    readonly stream: string;
    readonly messages: number;
    readonly differences: readonly string[];
  }[];
}

describe("relight drill cluster", { timeout: 200_000 }, () => {
  /** What the drill leaves in the system's directory for temporary files is left here. */
  let scratch: string;
  let running: ChildProcess | undefined;
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "relight-drills-"));
  });
  afterEach(() => {
    running?.kill("SIGKILL");
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  function start(...args: string[]): { readonly child: ChildProcess; readonly output: { text: string } } {
    const env = { ...process.env, TMPDIR: scratch };
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", entry, "drill", "cluster", ...args],
      { env },
    );
    running = child;
    const output = { text: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (name === "stdout" || !args.includes("--json")) output.text += text;
      });
    }
    return { child, output };
  }

  /** Processes whose configuration is below the scratch directory. */
  const serversLeft = (): readonly string[] =>
    readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
          return line.includes("nats-server") && line.includes(scratch);
        } catch {
          return false;
        }
      });

  it("loses a node, gets everything back, and keeps what it was told to", async () => {
    const { child, output } = start("--keep", "--json");
    const [code] = (await once(child, "close")) as [number];
    const report = JSON.parse(output.text) as Report;
    assert.equal(code, 0, output.text);
    new ShippedSchemas().check("drill-cluster", report);
    assert.deepEqual(
      report.steps.map(({ kind }) => kind),
      ["peer-remove", "delete-stub", "restore"],
    );
    assert.deepEqual(
      report.streams.map(({ stream, messages, differences }) => [stream, messages, differences]),
      [
        ["ORDERS", 5_197, []],
        ["CARTS", 1_200, []],
        ["AUDIT", 1_999, []],
      ],
    );
    assert.ok(report.seconds.recovery < 60, `it took ${report.seconds.recovery} s`);
    for (const name of ["audit.jsonl", "ledger.json", "backup/AUDIT/relight.json", "n1.log", "stores/n1"]) {
      assert.ok(existsSync(join(report.directory, name)), `${name} was not kept`);
    }
    assert.deepEqual(readdirSync(scratch), [report.directory.slice(scratch.length + 1)]);
    if (process.platform === "linux") assert.deepEqual(serversLeft(), []);
  });

  it("is cancelled by Ctrl-C: exit code 130, no server and no file is left", async () => {
    const { child, output } = start();
    while (!output.text.includes("Load it")) {
      assert.equal(child.exitCode, null, output.text);
      await sleep(50);
    }
    if (process.platform === "linux") assert.ok(serversLeft().length >= 3);
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 130, output.text);
    assert.match(output.text, /the drill was cancelled; its servers are stopped, and what it had stored is removed/);
    assert.deepEqual(readdirSync(scratch), []);
    if (process.platform === "linux") assert.deepEqual(serversLeft(), []);
  });
});
