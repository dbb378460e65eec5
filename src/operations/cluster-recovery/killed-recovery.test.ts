import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Sample } from "../../cluster/picture.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import type { KilledRecovery, KillPoint } from "../../testing/killed-recovery.ts";
import { RecoveryCluster } from "../../testing/recovery-cluster.ts";
import type { RecoveryOutcome } from "./recovery-request.ts";

const entry = fileURLToPath(new URL("../../testing/killed-recovery.ts", import.meta.url));
const isLong = process.env.RELIGHT_LONG === "1";
/** So old a look must be to be the older half of a picture, in ms. */
const oldEnoughMs = 12_500;

/** Looks at a cluster all the time, so that every new run has an older look at once. */
class Watcher {
  readonly #on: RecoveryCluster;
  readonly #looks: Sample[] = [];
  readonly #end = new AbortController();
  readonly #looking: Promise<void>;

  constructor(on: RecoveryCluster) {
    this.#on = on;
    this.#looking = this.#look();
  }

  async #look(): Promise<void> {
    while (!this.#end.signal.aborted) {
      this.#looks.push(await this.#on.look(this.#looks.at(-1)));
      await sleep(1_000, undefined, { signal: this.#end.signal }).catch(() => {});
    }
  }

  /** The file of the newest look that is old enough. */
  async old(): Promise<string> {
    for (;;) {
      const look = this.#looks.findLast(({ takenAt }) => Date.now() - Date.parse(takenAt) >= oldEnoughMs);
      if (look) {
        writeFileSync(this.#on.at("earlier.json"), JSON.stringify(look));
        return this.#on.at("earlier.json");
      }
      await sleep(200);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#looking;
  }
}

interface Run {
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(told: KilledRecovery): Promise<Run> {
  const args = ["--disable-warning=ExperimentalWarning", entry, JSON.stringify(told)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ signal: error?.signal ?? null, stdout, stderr });
    });
  });
}

describe("a recovery that is killed (SIGKILL) at any moment", { timeout: 300_000 }, () => {
  for (const version of isLong ? ["2.15", "2.10.26"] : ["2.15"]) {
    it(`CA-01, ${version}: goes on when it is run again, and loses nothing: a node with a part of an R3 and an R1`, async () => {
      await using on = await RecoveryCluster.start({ version, size: 4 });
      const [victim = ""] = await on.fillReplicated("ORDERS", 3);
      await on.fillOneOn(victim, "ONE");
      await on.goodDay();
      const before = await on.contents("ORDERS", "ONE");
      await on.cluster.wipe(victim);
      await on.reconnect();
      await using watcher = new Watcher(on);
      const recover = async (killAt: KillPoint): Promise<Run> =>
        run({
          url: on.cluster.servers.flatMap(({ running, url }) => (running ? [url] : [])).join(","),
          gone: [victim],
          ledger: on.at("ledger.json"),
          backups: on.at("all"),
          earlier: await watcher.old(),
          killAt,
        });

      const moments: readonly KillPoint[] = [
        { event: "step-begun", step: `peer-remove:${victim}` },
        { request: "SERVER.REMOVE", when: "before" },
        { request: "SERVER.REMOVE", when: "after" },
        { event: "step-begun", step: "delete-stub:APP/ONE" },
        { request: "STREAM.DELETE", when: "before" },
        { request: "STREAM.DELETE", when: "after" },
        { event: "step-begun", step: "restore:APP/ONE" },
        { event: "progress", step: "restore:APP/ONE", text: "bytes are sent" },
        { event: "progress", step: "restore:APP/ONE", text: "no leader" },
      ];
      const killed: boolean[] = [];
      for (const moment of moments) {
        const { signal, stderr, stdout } = await recover(moment);
        // Where one run did what the next was to be killed in, that one ends well.
        assert.ok(signal === "SIGKILL" || stdout.startsWith("{"), `${JSON.stringify(moment)}: ${stderr}`);
        killed.push(signal === "SIGKILL");
      }
      assert.ok(killed.filter(Boolean).length >= 7, JSON.stringify(killed));

      const last = await recover(null);
      assert.equal(last.signal, null, last.stderr);
      const outcome = JSON.parse(last.stdout) as RecoveryOutcome;
      assert.ok(["whole", "recovered"].includes(outcome.status), last.stdout);
      assert.deepEqual(outcome.plan?.steps, []);
      const after = await on.contents("ORDERS", "ONE");
      for (const [index, stream] of before.entries()) {
        assertSameStream(stream, after[index] ?? assert.fail(), {
          rolledBackToAckFloor: version === "2.15" && stream.name === "ONE",
        });
      }
      // The log has every beginning, each on a line of its own, whatever was killed when.
      const lines = readFileSync(outcome.audit, "utf8").trim().split("\n");
      const events = lines.map((line) => (JSON.parse(line) as { readonly event: string }).event);
      assert.equal(events.filter((event) => event === "begun").length, moments.length + 1);
    });
  }
});
