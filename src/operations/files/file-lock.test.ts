import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { FileLock } from "./file-lock.ts";

const module = new URL("./file-lock.ts", import.meta.url).href;

describe("a lock that is a file", () => {
  it("is had by one at a time, and leaves nothing behind", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "a.lock");
      let inside = 0;
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          await using _ = await FileLock.take(path, { waitMs: 20_000, what: "it" });
          inside++;
          assert.equal(inside, 1);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside--;
        }),
      );
      assert.deepEqual(readdirSync(directory), []);
    }));

  it("is refused while a process has it, which is named, and taken over when that one was killed", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "a.lock");
      const code = `const { FileLock } = await import(${JSON.stringify(module)});
await FileLock.take(${JSON.stringify(path)}, { waitMs: 0, what: "it" }); console.log("taken"); setInterval(() => {}, 1000);`;
      const holder = spawn(process.execPath, ["--input-type=module", "-e", code], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(holder.stdout, "data");
      await assert.rejects(FileLock.take(path, { waitMs: 50, what: "the ledger" }), (error: Error) => {
        return isRelightError(error, "LOCKED") && error.message.includes(`process ${holder.pid}) has the ledger`);
      });
      holder.kill("SIGKILL");
      await once(holder, "exit");
      {
        await using _ = await FileLock.take(path, { waitMs: 0, what: "it" });
        assert.ok(existsSync(path));
      }
      assert.deepEqual(readdirSync(directory), []);
    }));

  it("is an error, and not a search without end, where the system makes no directory", {
    skip: !existsSync("/proc/self"),
  }, async () => {
    await assert.rejects(FileLock.take("/proc/x/y/a.lock", { waitMs: 0, what: "it" }), (error: Error) =>
      isRelightError(error, "FILE_SYSTEM"),
    );
  });
});
