import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { LocalServer } from "../local/local-server.ts";
import { fillStream } from "../testing/fill.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { type RelightRun, runRelight, startRelight, summaryOf } from "../testing/relight-process.ts";
import { createStream } from "../testing/stream-setup.ts";
import { TcpProxy } from "../testing/tcp-proxy.ts";
import { buildProgram } from "./main.ts";
import { version } from "./version.ts";

const ansiEscape = "\u001b";

/** The commands that do something, below those that only have commands. */
function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

describe("the command line, as a user starts it", () => {
  const resources = new AsyncDisposableStack();
  let server: LocalServer;
  let home: string;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "relight-cli-"));
    resources.defer(() => rmSync(home, { recursive: true, force: true }));
    server = resources.use(
      await LocalServer.start({ version: "2.15", config: "authorization { user: bob, password: secret }" }),
    );
    await using session = await openTestSession(withPassword(server.url));
    const nc = session.api.connection;
    await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
    await fillStream(nc, "ORDERS", { messages: 500, size: 8_192, kind: "random", subjects: ["orders.new"] });
  });
  after(() => resources.disposeAsync());

  const withPassword = (url: string): string => url.replace("nats://", "nats://bob:secret@");
  const run = (...args: string[]): Promise<RelightRun> => runRelight(home, args);
  /** Against the server, with the right password. */
  const onServer = (...args: string[]): Promise<RelightRun> => run("--server", withPassword(server.url), ...args);
  const left = (): string[] => readdirSync(home).sort();

  describe("without a server", () => {
    it("prints its version, built as well", async () => {
      const ended = await run("--version");
      assert.deepEqual([ended.code, ended.stdout], [0, `${version}\n`]);
      const bin = fileURLToPath(new URL("../../bin/relight.js", import.meta.url));
      assert.equal(execFileSync(process.execPath, [bin, "--version"], { encoding: "utf8" }), `${version}\n`);
    });

    it("shows help on stdout where it is asked for, and on stderr where nothing was", async () => {
      const asked = await run("stream", "backup", "--help");
      assert.deepEqual([asked.code, asked.stderr], [0, ""]);
      assert.match(asked.stdout, /^Usage: relight stream backup \[options\] <stream> <dir>/);
      const nothing = await run();
      assert.deepEqual([nothing.code, nothing.stdout], [2, ""]);
      assert.match(nothing.stderr, /Usage: relight/);
    });

    it("has help with examples for every command, and all flags in them exist", () => {
      const leaves = leavesOf(buildProgram());
      assert.ok(leaves.length >= 7);
      for (const command of leaves) {
        let help = "";
        const writeOut = (text: string): void => {
          help += text;
        };
        command.configureOutput({ writeOut }).outputHelp();
        const [about = "", examples = ""] = help.split("\nExamples:\n");
        const lines = examples.split("\n").filter((line) => /^ .*\brelight /.test(line));
        assert.ok(lines.length > 0, `no examples for ${command.name()}`);
        // Behind a pipe stand other programs.
        const flags = lines.flatMap((line) => line.replace(/\|.*/, "").match(/ --?[a-z-]+/g) ?? []);
        for (const flag of flags) assert.match(about, new RegExp(`(?:^|[ ,])${flag.trim()}\\b`, "m"));
      }
    });

    it("ends with 2 for a wrong flag, naming it and the one that was meant", async () => {
      const ended = await run("stream", "backup", "ORDERS", "./x", "--chunk-sise", "1M");
      assert.deepEqual([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, /unknown option '--chunk-sise'/);
      assert.match(ended.stderr, /Did you mean --chunk-size\?/);
    });

    it("ends with 2 for a wrong command, a missing argument and a wrong value", async () => {
      const command = await run("stream", "bakcup", "ORDERS", "./x");
      assert.equal(command.code, 2);
      assert.match(command.stderr, /unknown command 'bakcup'\n\(Did you mean backup\?\)/);
      const argument = await run("stream", "restore");
      assert.equal(argument.code, 2);
      assert.match(argument.stderr, /missing required argument 'dir'/);
      const value = await run("stream", "restore", "./x", "--if-exists", "perhaps");
      assert.equal(value.code, 2);
      assert.match(value.stderr, /Choose one of: fail, skip, replace/);
    });

    it("ends with 2 for flags that contradict each other, before anything is connected", async () => {
      const ended = await run("account", "backup", "x", "--data", "--server", "127.0.0.1:1");
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /--data goes with --layout config/);
    });

    it("ends with 130 for Ctrl-C while it connects to a server that says nothing", async () => {
      const listener = createServer();
      listener.listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      const { child, ended } = startRelight(home, ["stream", "ls", "--timeout", "1m", "-s", `127.0.0.1:${port}`]);
      const [socket] = (await once(listener, "connection")) as [Socket];
      child.kill("SIGINT");
      const { code, signal } = await ended;
      assert.deepEqual([code, signal], [130, null]);
      socket.destroy();
      listener.close();
    });

    it("ends with 14 where no server is reached, and says which address", async () => {
      const ended = await run("stream", "backup", "ORDERS", join(home, "x"), "--server", "127.0.0.1:1");
      assert.deepEqual([ended.code, ended.stdout], [14, ""]);
      assert.match(ended.stderr, /127\.0\.0\.1:1\b/);
      assert.match(ended.stderr, /^ {3}hint: /m);
      assert.deepEqual(left(), []);
    });
  });

  describe("completion", () => {
    it("for bash is valid, and completes commands and flags, and leaves the rest to names of files", async () => {
      const { code, stdout: script } = await run("completion", "bash");
      assert.equal(code, 0);
      assert.equal(spawnSync("bash", ["-n"], { input: script }).status, 0);
      const complete = (words: string[]): string[] => {
        const quoted = words.map((word) => `'${word}'`).join(" ");
        const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _relight; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const ended = spawnSync("bash", ["--norc"], { input: `${script}\n${ask}\n`, encoding: "utf8", cwd: home });
        assert.equal(ended.stderr, "");
        return ended.stdout.split("\n").filter((line) => line !== "");
      };
      assert.deepEqual(complete(["relight", "str"]), ["stream"]);
      assert.deepEqual(complete(["relight", "stream", "b"]), ["backup"]);
      assert.deepEqual(complete(["relight", "stream", "backup", "--chunk"]), ["--chunk-size"]);
      assert.deepEqual(complete(["relight", "stream", "backup", "ORDERS", "--contex"]), ["--context"]);
      assert.deepEqual(complete(["relight", "stream", ""]), ["backup", "restore", "ls", "info", "cluster"]);
      assert.deepEqual(complete(["relight", "stream", "cluster", "step"]), ["step-down"]);
      assert.deepEqual(complete(["relight", "stream", "restore", ""]), []);
      const registered = spawnSync("bash", ["--norc"], { input: `${script}\ncomplete -p relight`, encoding: "utf8" });
      assert.equal(registered.stdout, "complete -o default -F _relight relight\n");
    });

    for (const shell of ["zsh", "fish"]) {
      const installed = spawnSync(shell, ["--version"]).status === 0;
      it(`for ${shell} is valid`, { skip: installed ? false : `${shell} is not installed` }, async () => {
        const { code, stdout } = await run("completion", shell);
        assert.equal(code, 0);
        const script = join(home, `completion.${shell}`);
        writeFileSync(script, stdout);
        const { status, stderr } = spawnSync(shell, ["-n", script], { encoding: "utf8" });
        rmSync(script);
        assert.deepEqual([status, stderr], [0, ""]);
      });
    }

    it("for fish has a line for every flag and quotes what it says", async () => {
      const { stdout } = await run("completion", "fish");
      assert.match(stdout, /^complete -c relight -n '.*backup' -l chunk-size -r -d '.*'$/m);
      assert.match(stdout, /-d 'show a stream\\'s configuration and state'$/m);
      const quoted = String.raw`'(?:[^'\\]|\\.)*'`;
      const words = new RegExp(`^complete -c relight(?: (?:[\\w-]+|${quoted}))+$`);
      for (const line of stdout.trimEnd().split("\n")) assert.match(line, words);
    });

    it("knows no other shell", async () => {
      assert.equal((await run("completion", "tcsh")).code, 2);
    });
  });

  describe("with a server", () => {
    it("ends with 14 for a wrong password, which it does not repeat", async () => {
      const ended = await run("stream", "ls", "--server", server.url, "--user", "bob", "--password", "wr0ng");
      assert.deepEqual([ended.code, ended.stdout], [14, ""]);
      assert.match(ended.stderr, /^ {3}hint: .*credentials|--user/m);
      assert.ok(!ended.stderr.includes("wr0ng"));
    });

    it("ends with 1 and a hint for a stream that is not there, and leaves nothing", async () => {
      const ended = await onServer("stream", "backup", "NOPE", join(home, "x"));
      assert.deepEqual([ended.code, ended.stdout], [1, ""]);
      assert.match(ended.stderr, /"?NOPE"?/);
      assert.match(ended.stderr, /^ {3}hint: .*relight stream ls/m);
      assert.deepEqual(left(), []);
    });

    it("has data on stdout, messages on stderr, and no escape codes without a terminal", async () => {
      const ended = await onServer("stream", "backup", "ORDERS", join(home, "orders"));
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stderr, /^Starting backup of Stream "ORDERS" with 500 messages/);
      assert.match(ended.stdout, /^Received .*\nProven: 500 messages, sequences 1 to 500/);
      assert.ok(!`${ended.stdout}${ended.stderr}`.includes(ansiEscape));
      assert.ok(!`${ended.stdout}${ended.stderr}`.includes("█"));

      const exists = await onServer("stream", "restore", join(home, "orders"));
      assert.deepEqual([exists.code, exists.stdout], [1, ""]);
      assert.match(exists.stderr, /^relight: Stream "ORDERS" already exist\n {3}hint: .*--if-exists/);
      rmSync(join(home, "orders"), { recursive: true });
    });

    it("ends failures with a summary where JSON was asked for, and says them on stderr as well", async () => {
      const ended = await onServer("stream", "backup", "NOPE", join(home, "x"), "--json");
      const summary = summaryOf(ended) as { readonly ok: boolean; readonly error: { readonly code: string } };
      assert.deepEqual([ended.code, summary.ok, summary.error.code], [1, false, "STREAM_NOT_FOUND"]);
      assert.match(ended.stderr, /^relight: /);
    });

    it("takes its flags before the command too, as the nats CLI does", async () => {
      const after = await run("stream", "ls", "--names", "--server", withPassword(server.url));
      const before = await onServer("stream", "ls", "--names");
      assert.deepEqual([before.code, before.stdout], [0, "ORDERS\n"]);
      assert.equal(after.stdout, before.stdout);
    });

    it("lets its reader go away", async () => {
      const { child, ended } = startRelight(home, ["--server", withPassword(server.url), "stream", "info", "ORDERS"]);
      child.stdout?.destroy();
      const { code, stderr } = await ended;
      assert.deepEqual([code, stderr], [0, ""]);
    });

    for (const [signal, json] of [
      ["SIGINT", false],
      ["SIGTERM", true],
    ] as const) {
      it(`ends with 130 for ${signal} in mid-backup${json ? " with --json" : ""}, and leaves nothing`, async () => {
        await using proxy = await TcpProxy.start({ targetPort: server.port });
        const stalled = proxy.stallAfter("toClient", 1_000_000);
        const args = ["stream", "backup", "ORDERS", join(home, "x"), "--server", withPassword(proxy.url)];
        const { child, ended } = startRelight(home, [...args, ...(json ? ["--json"] : [])]);
        await stalled;
        // What has arrived is on its way to the disk.
        for (let tries = 0; left().length === 0 && tries < 100; tries++) await sleep(20);
        assert.match(left().join(), /^\.x\.relight-[0-9a-f]{8}-\d+-[0-9a-f]{8}\.partial$/);
        child.kill(signal);
        const { code, stdout, stderr, signal: killedBy } = await ended;
        assert.deepEqual([code, killedBy], [130, null]);
        assert.match(stderr, /stopping, and cleaning up/);
        assert.match(stderr, /relight: .*cancelled/);
        assert.deepEqual(left(), []);
        if (json) assert.equal((JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { ok: boolean }).ok, false);
        else assert.equal(stdout, "");
      });
    }
  });
});
