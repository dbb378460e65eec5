import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "../cluster/ledger.ts";
import type { RecoveryOutcome } from "../operations/cluster-recovery/recovery-request.ts";
import type { Proposal } from "../operations/cluster-watch/watch-request.ts";
import type { RecoveryCluster } from "./recovery-cluster.ts";
import { type RelightProcess, type RelightRun, startRelight } from "./relight-process.ts";

/** A line of `relight cluster watch --json`, as far as tests look into it. */
export interface WatchLine extends Partial<Proposal> {
  readonly type: string;
  readonly name?: string;
  readonly light?: string;
  readonly recovery?: RecoveryOutcome;
}

/** How long anything may take to happen, in ms, on a machine that is busy. */
const patienceMs = 90_000;

/** `relight cluster watch` as a process, on a cluster that is about to lose something. */
export class WatchProcess implements AsyncDisposable {
  readonly #process: RelightProcess;
  readonly #ledger: string;
  #stdout = "";

  private constructor(process: RelightProcess, ledger: string) {
    this.#process = process;
    this.#ledger = ledger;
    process.child.stdout?.on("data", (text: string) => {
      this.#stdout += text;
    });
  }

  static start(
    on: RecoveryCluster,
    args: readonly string[],
    { ledger, url = on.cluster.url }: { readonly ledger: string; readonly url?: string },
  ): WatchProcess {
    const asSystem = ["--system-user", "sys", "--system-password", "sys", "--ledger", ledger];
    const all = ["--server", url, "--timeout", "4s", "cluster", "watch", ...asSystem, ...args];
    return new WatchProcess(startRelight(on.directory, all), ledger);
  }

  /** The whole lines of JSON so far. */
  get lines(): readonly WatchLine[] {
    const whole = this.#stdout.slice(0, this.#stdout.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as WatchLine);
  }

  /** Waits until it has said something. */
  async says(pattern: RegExp): Promise<void> {
    await this.#until(`says ${pattern}`, () => pattern.test(this.#stdout) || undefined);
  }

  /** Waits for a line of JSON. */
  line(type: string, right: (line: WatchLine) => boolean = () => true, withinMs = patienceMs): Promise<WatchLine> {
    return this.#until(type, () => this.lines.find((line) => line.type === type && right(line)), withinMs);
  }

  /** Waits until its ledger has been written since now, with what a stream holds. */
  async remembers(stream: string): Promise<void> {
    const since = new Date().toISOString();
    await this.#until(`remembers ${stream}`, () => {
      if (!existsSync(this.#ledger)) return undefined;
      const { streams } = JSON.parse(readFileSync(this.#ledger, "utf8")) as Ledger;
      return streams.some(({ name, countersAt }) => name === stream && (countersAt ?? "") > since) || undefined;
    });
  }

  /** Ends it as Ctrl-C does. */
  stop(): Promise<RelightRun> {
    this.#process.child.kill("SIGINT");
    return this.#process.ended;
  }

  async #until<Value>(what: string, look: () => Value | undefined, withinMs = patienceMs): Promise<Value> {
    const until = Date.now() + withinMs;
    for (;;) {
      const value = look();
      if (value !== undefined) return value;
      const { exitCode } = this.#process.child;
      assert.ok(exitCode === null && Date.now() < until, `never: ${what} (exit code ${exitCode})\n${this.#stdout}`);
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.child.kill("SIGKILL");
    await this.#process.ended;
  }
}
