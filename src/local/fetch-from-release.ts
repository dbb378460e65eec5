import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";
import { binaryName, inScratch, type ServerSource } from "./server-source.ts";

const officialReleases = "https://github.com/nats-io/nats-server/releases/download";

/** As the release names processors; Node's name where they agree. Source: nats-server `.goreleaser.yml`. */
const processors: Readonly<Record<string, string>> = { x64: "amd64", arm: "arm7", ia32: "386" };

/** The official release archive ($RELIGHT_RELEASES_URL for a mirror), held against the checksums published beside it. */
export const releaseSource: ServerSource = {
  name: "release",
  title: "the official release archive",
  fetch: (version, target, env) =>
    inScratch(async (directory) => {
      const base = `${(env.RELIGHT_RELEASES_URL || officialReleases).replace(/\/+$/, "")}/v${version}`;
      const folder = releaseFolder(version);
      const file = `${folder}.tar.gz`;
      // The small file first: where there is no way out of the network, it says so soon.
      const sums = await download(`${base}/SHA256SUMS`, 20_000);
      const expected = sums
        .toString("utf8")
        .split("\n")
        .map((line) => line.trim().split(/\s+\*?/))
        .find(([, name]) => name === file)?.[0];
      if (!expected) throw new Error(`${base}/SHA256SUMS does not list ${file}`);
      const archive = await download(`${base}/${file}`, 120_000);
      const actual = createHash("sha256").update(archive).digest("hex");
      if (actual !== expected.toLowerCase()) {
        throw new Error(`the checksum of ${base}/${file} is wrong: ${actual}, and SHA256SUMS says ${expected}`);
      }
      const path = join(directory, file);
      await writeFile(path, archive);
      await runProgram("tar", ["-xzf", path, "-C", directory, `${folder}/${binaryName}`], { timeoutMs: 60_000, env });
      await writeFile(target, await readFile(join(directory, folder, binaryName)), { mode: 0o755 });
    }),
};

/** The folder in the archive of a version for this machine, which is the archive's name too. */
export function releaseFolder(version: string): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return `nats-server-v${version}-${platform}-${processors[process.arch] ?? process.arch}`;
}

async function download(url: string, timeoutMs: number): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    throw new Error(`HTTP ${response.status}`);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${url}: ${cause instanceof Error && cause.message ? cause.message : message}`);
  }
}
