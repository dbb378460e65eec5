import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { partialName, removeDeadLeftovers } from "./dead-leftovers.ts";

/** The number of a process that is no longer there. */
const dead = String(spawnSync(process.execPath, ["-e", ""]).pid);
const nameOf = async (pid: string | number): Promise<string> =>
  (await partialName("orders")).replace(`-${process.pid}-`, `-${pid}-`);

describe("what killed processes leave beside a backup", () => {
  it("is removed, and nothing else", () =>
    inTemporaryDirectory(async (directory) => {
      const gone = [await nameOf(dead), `${await nameOf(dead)}.removing`];
      const stays = [
        // Alive, and alive as somebody else's.
        await nameOf(process.pid),
        await nameOf(1),
        // The only copy of a good backup.
        `${await nameOf(dead)}.replaced`,
        // Another machine's, an older Relight's, another backup's, the user's.
        (await nameOf(dead)).replace(/relight-[0-9a-f]{8}/, "relight-00000000"),
        ".orders.relight-00112233.partial",
        (await nameOf(dead)).replace("orders", "orders2"),
        `${await nameOf(dead)}.mine`,
        "orders",
      ];
      for (const name of [...gone, ...stays]) {
        mkdirSync(join(directory, name));
        writeFileSync(join(directory, name, "archive.partial"), "x");
      }
      await removeDeadLeftovers(directory, "orders");
      assert.deepEqual(readdirSync(directory).sort(), [...stays].sort());
    }));

  it("is nothing where there is no directory", () => removeDeadLeftovers("/nowhere/at/all", "orders"));
});
