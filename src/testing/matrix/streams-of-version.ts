import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openTestSession } from "../open-test-session.ts";
import { versionAtLeast } from "../stream-info.ts";
import type { BackedUpAccount } from "./backed-up-account.ts";
import { comesBack, Machine, takeAway } from "./machine.ts";
import { turned } from "./turned-account.ts";

const all = process.env.RELIGHT_MATRIX === "all";
const versions = ["2.9", "2.10", "2.12", "2.14", "2.15"];
const chosenTargets: Readonly<Record<string, readonly string[]>> = {
  "2.9": ["2.15"],
  "2.10": ["2.9"],
  "2.12": ["2.15"],
  "2.14": ["2.10"],
  "2.15": ["2.14"],
};
const chosenConversions = ["2.9", "2.15"];
const targetsOf = (source: string): readonly string[] =>
  all ? versions.filter((version) => version !== source) : (chosenTargets[source] ?? []);

/**
 * Every kind of stream of one version, through a backup and a restore on real servers: with itself, and across versions.
 * `npm test` runs some of the pairs; `npm run test:matrix` sets RELIGHT_MATRIX=all, which runs all of them.
 */
export function describeStreamsOf(version: string): void {
  describe(`streams of every kind from nats-server ${version}`, { timeout: 240_000 }, () => {
    let directory: string;
    let machine: Machine;
    let account: BackedUpAccount;

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "relight-matrix-"));
      machine = await Machine.start({ version });
      account = await takeAway(machine, join(directory, "backup"));
    });
    after(async () => {
      await machine?.[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    });

    it("are all backed up, those in memory as v2 archives on every version", () => {
      const format = versionAtLeast(machine.server.version, "2.15.0") ? "v2" : "v1";
      assert.ok(account.streams.length >= 39);
      for (const stream of account.streams) {
        assert.equal(stream.format, stream.kind.name === "memory" ? "v2" : format, stream.name);
      }
    });

    it("come back there as they were, message by message, and are so after a kill -9", async () => {
      await comesBack(machine, account);
    });

    if (all || chosenConversions.includes(version)) {
      it("come back there from backups that were turned into the other format and back", async () => {
        await using other = await Machine.start({ version });
        await comesBack(other, await turned(account, join(directory, "turned")));
      });
    }

    for (const target of targetsOf(version)) {
      it(`come back on ${target}, or are refused for what it would lose`, async () => {
        await using other = await Machine.start({ version: target });
        const results = await comesBack(other, account);
        const restored = account.streams.filter(({ name }) => results.get(name)?.status === "restored");
        await using session = await openTestSession(other.server.url);
        assert.deepEqual(
          new Set(await session.api.streamNames()),
          new Set(restored.filter(({ kind }) => kind.name !== "memory").map(({ name }) => name)),
          "there is nothing of what was refused",
        );
      });
    }
  });
}
