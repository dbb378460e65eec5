import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { serveFiles } from "../testing/file-server.ts";
import { versionTeller, writeProgram } from "../testing/stand-in-program.ts";
import { inTemporaryDirectory } from "../testing/temporary-directory.ts";
import { releaseFolder, releaseSource } from "./fetch-from-release.ts";
import { runProgram, serverVersionOf } from "./run-program.ts";
import { binaryName } from "./server-source.ts";

const version = "2.15.1";
const folder = releaseFolder(version);
const file = `${folder}.tar.gz`;

/** An archive as releases have it: one folder of the archive's own name. */
async function packRelease(scratch: string): Promise<Buffer> {
  await writeProgram(join(scratch, folder, binaryName), versionTeller(version));
  await writeProgram(join(scratch, folder, "LICENSE"), "a licence");
  await runProgram("tar", ["-czf", join(scratch, file), "-C", scratch, folder], { timeoutMs: 10_000 });
  return await readFile(join(scratch, file));
}

const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** Fetches from a release that holds these files; resolves with the path of the binary. */
async function fetchFrom(scratch: string, files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const paths = Object.entries(files).map(([name, content]) => [`/mirror/v${version}/${name}`, content] as const);
  await using server = await serveFiles(new Map(paths));
  const target = join(scratch, "fetched");
  await releaseSource.fetch(version, target, { ...process.env, RELIGHT_RELEASES_URL: `${server.url}/mirror/` });
  return target;
}

describe("the official release archive", () => {
  it("names archives as the project does", () => {
    assert.match(folder, /^nats-server-v2\.15\.1-[a-z]+-[a-z0-9]+$/);
    if (process.platform === "linux" && process.arch === "x64") assert.equal(folder, "nats-server-v2.15.1-linux-amd64");
  });

  it("brings the binary whose checksum is published", () =>
    inTemporaryDirectory(async (scratch) => {
      const archive = await packRelease(scratch);
      const sums = `${"0".repeat(64)}  another-file.zip\n${sha256(archive)}  ${file}\n`;
      const target = await fetchFrom(scratch, { SHA256SUMS: sums, [file]: archive });
      assert.equal(await serverVersionOf(target), version);
      assert.ok(((await stat(target)).mode & 0o111) !== 0);
    }));

  it("refuses an archive with another checksum, however well it unpacks", () =>
    inTemporaryDirectory(async (scratch) => {
      const archive = await packRelease(scratch);
      const sums = `${"0".repeat(64)}  ${file}\n`;
      await assert.rejects(fetchFrom(scratch, { SHA256SUMS: sums, [file]: archive }), /checksum of .* is wrong/);
    }));

  it("refuses an archive that the checksums do not list", () =>
    inTemporaryDirectory(async (scratch) => {
      const archive = await packRelease(scratch);
      const sums = `${sha256(archive)}  ${file}.sig\n`;
      await assert.rejects(fetchFrom(scratch, { SHA256SUMS: sums, [file]: archive }), /does not list/);
    }));

  it("says which file is not there", () =>
    inTemporaryDirectory(async (scratch) => {
      await assert.rejects(fetchFrom(scratch, {}), /SHA256SUMS: HTTP 404/);
      await assert.rejects(fetchFrom(scratch, { SHA256SUMS: `${"0".repeat(64)}  ${file}` }), /tar\.gz: HTTP 404/);
    }));

  it("says that nobody answers", () =>
    inTemporaryDirectory(async (scratch) => {
      const env = { ...process.env, RELIGHT_RELEASES_URL: "http://127.0.0.1:1" };
      await assert.rejects(releaseSource.fetch(version, join(scratch, "fetched"), env), /127\.0\.0\.1:1/);
    }));
});
