import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withAccounts } from "./same-command.ts";

describe("the command to be run next", () => {
  it("is the one that was typed, with the accounts whose credentials are missing, and without a secret", () => {
    const typed = ["-s", "nats://app:hidden@127.0.0.1:4222", "cluster", "apply", "--password", "hidden"];
    const more = ["--system-password=hidden", "--gone", "n 3", "--backups", "./all"];
    assert.equal(
      withAccounts([...typed, ...more], ["SHOP"]),
      "relight -s nats://...@127.0.0.1:4222 cluster apply --password ... --system-password=... --gone 'n 3' --backups ./all " +
        "--account-context <context of account SHOP>",
    );
    const released = ["cluster", "apply", "--release", "SHOP/*", "APP/ONE", "--yes"];
    const next = (words: readonly string[]): string =>
      withAccounts(words, ["SHOP"]).replace(/ --account-context .*/, "");
    assert.equal(next(released), "relight cluster apply --release APP/ONE --yes");
    assert.equal(next(["cluster", "apply", "--release", "SHOP/*", "--yes"]), "relight cluster apply --yes");
    assert.equal(withAccounts(["cluster", "apply", "it's"], []), "relight cluster apply 'it'\\''s'");
  });
});
