import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { versionTeller, writeProgram } from "../testing/stand-in-program.ts";
import { inTemporaryDirectory } from "../testing/temporary-directory.ts";
import { goSource } from "./fetch-from-go.ts";
import { serverVersionOf } from "./run-program.ts";

/** Stands for the toolchain, as a real build takes most of a minute: `npm test` builds 2.9 with the real one where it has to. */
function toolchain(scratch: string, install: string): Promise<string> {
  const program = `#!/bin/sh
case "$1" in
  version) echo "go version go1.26 linux/amd64" ;;
  install) ${install} ;;
esac
`;
  return writeProgram(join(scratch, "bin", "go"), program);
}

describe("go install", () => {
  it("builds the module at the version, into a directory of its own", () =>
    inTemporaryDirectory(async (scratch) => {
      const made = await writeProgram(join(scratch, "made"), versionTeller("2.9.25"));
      await toolchain(
        scratch,
        `[ "$2" = github.com/nats-io/nats-server/v2@v2.9.25 ] && [ -n "$HOME" ] && cp ${made} "$GOBIN/nats-server"`,
      );
      const target = join(scratch, "fetched");
      await goSource.fetch("2.9.25", target, { PATH: `${join(scratch, "bin")}:/usr/bin:/bin`, GOBIN: "/nowhere" });
      assert.equal(await serverVersionOf(target), "2.9.25");
    }));

  it("says what the toolchain says", () =>
    inTemporaryDirectory(async (scratch) => {
      await toolchain(scratch, 'echo "go: module lookup disabled by GOPROXY=off" >&2; exit 1');
      const env = { PATH: `${join(scratch, "bin")}:/usr/bin:/bin` };
      await assert.rejects(goSource.fetch("2.9.25", join(scratch, "fetched"), env), /module lookup disabled/);
    }));
});
