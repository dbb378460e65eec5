import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { comesBack, Machine, takeAway } from "../../testing/matrix/machine.ts";

const all = process.env.RELIGHT_MATRIX === "all";
const versions = ["2.9", "2.10", "2.12", "2.14", "2.15"];

/** An encrypted store is one more way of keeping blocks; these kinds have every way of being in them. */
const encryptedKinds =
  "headers empty first-sequence gaps purged key-value work-queue consumers compressed multi-block".split(" ");

for (const [version, cipher] of all
  ? versions.flatMap((one) => [[one, "chachapoly"] as const, [one, "aes"] as const])
  : [["2.14", "aes"] as const, ["2.15", "chachapoly"] as const]) {
  it(`an encrypted store (${cipher}) of ${version} comes back${all ? ", on a plain server too" : ""}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "relight-matrix-"));
    try {
      await using encrypted = await Machine.start({ version, cipher, encryptionKey: "of a test" });
      const account = await takeAway(encrypted, join(directory, "backup"), encryptedKinds);
      await comesBack(encrypted, account);
      const files = await readdir(encrypted.server.storeDirectory, { recursive: true });
      assert.ok(files.some((file) => file.endsWith(join("BLOCKS", "meta.key"))));
      if (all) {
        await using plain = await Machine.start({ version });
        await comesBack(plain, account);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}
