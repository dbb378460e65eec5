/**
 * Every kind of stream, through a backup and a restore on real servers: each version with itself, and across versions.
 *
 * `npm test` runs some of the pairs; `npm run test:matrix` sets RELIGHT_MATRIX=all, which runs all of them.
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { LocalServer, type LocalServerOptions } from "../../local/local-server.ts";
import { type BackedUpAccount, backUpAccount, deleteAccount } from "../../testing/matrix/backed-up-account.ts";
import { expectedOutcome } from "../../testing/matrix/expected-outcome.ts";
import {
  differencesOf,
  type RestoredAccount,
  restoreAccount,
  unexpectedOutcome,
} from "../../testing/matrix/restored-account.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { versionAtLeast } from "../../testing/stream-info.ts";
import { createStreamKinds, streamKinds } from "../../testing/stream-kinds.ts";

const all = process.env.RELIGHT_MATRIX === "all";
const versions = ["2.9", "2.10", "2.12", "2.14", "2.15"];
const chosenTargets: Readonly<Record<string, readonly string[]>> = {
  "2.9": ["2.15"],
  "2.10": ["2.9"],
  "2.12": ["2.15"],
  "2.14": ["2.10"],
  "2.15": ["2.14"],
};
const targetsOf = (source: string): readonly string[] =>
  all ? versions.filter((version) => version !== source) : (chosenTargets[source] ?? []);

/** For messages of 10 MB. */
const maxPayload = 16 * 1024 * 1024;
/** An encrypted store is one more way of keeping blocks; these kinds have every way of being in them. */
const encryptedKinds =
  "headers empty first-sequence gaps purged key-value work-queue consumers compressed multi-block".split(" ");

/** One server, with a connection for what the tests do themselves. */
class Machine implements AsyncDisposable {
  readonly server: LocalServer;
  readonly encrypted: boolean;
  nc!: NatsConnection;

  private constructor(server: LocalServer, encrypted: boolean) {
    this.server = server;
    this.encrypted = encrypted;
  }

  static async start(options: LocalServerOptions): Promise<Machine> {
    const server = await LocalServer.start({ maxPayload, ...options });
    const machine = new Machine(server, options.encryptionKey !== undefined);
    await machine.#connect();
    return machine;
  }

  async #connect(): Promise<void> {
    this.nc = await connect({ servers: this.server.url, reconnect: false });
  }

  /** As a crash would, and starts it again. */
  async kill(): Promise<void> {
    await this.nc.close();
    await this.server.kill();
    await this.server.launch();
    await this.#connect();
  }

  async restore(account: BackedUpAccount): Promise<RestoredAccount> {
    await using session = await openTestSession(this.server.url);
    return await restoreAccount(session, account);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nc?.close();
    await this.server.stop();
  }
}

/** Creates kinds on a machine, backs them up, and deletes them. */
async function takeAway(machine: Machine, directory: string, kinds?: readonly string[]): Promise<BackedUpAccount> {
  const { nc, server } = machine;
  const wanted = kinds && streamKinds.filter((kind) => kinds.includes(kind.name));
  const created = await createStreamKinds(
    nc,
    wanted?.filter((kind) => versionAtLeast(server.version, kind.minVersion)),
  );
  await using session = await openTestSession(server.url);
  const account = await backUpAccount(session, nc, created, directory);
  await deleteAccount(session, created);
  return account;
}

/** Restores an account on a machine and holds every stream against what it was, at once and after a kill -9. */
async function comesBack(machine: Machine, account: BackedUpAccount): Promise<RestoredAccount> {
  const [from, to] = [account.version, machine.server.version];
  const { encrypted } = machine;
  const results = await machine.restore(account);
  const outcomes = account.streams.map((stream) =>
    unexpectedOutcome(stream.name, results.get(stream.name), expectedOutcome(stream, from, to)),
  );
  assert.deepEqual(
    outcomes.filter((line) => line !== undefined),
    [],
  );
  const back = account.streams.filter((stream) => results.get(stream.name)?.status === "restored");
  assert.equal(await differencesOf(machine.nc, back, { from, to, encrypted }), "");

  await machine.kill();
  const lasting = back.filter(({ before }) => before.info.config.storage !== "memory");
  assert.equal(await differencesOf(machine.nc, lasting, { from, to, encrypted, relaunched: true }), "");
  return results;
}

for (const version of versions) {
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

    it("are all backed up, but those in memory that this version cannot hand out", () => {
      const memory = versionAtLeast(machine.server.version, "2.15.0") ? [] : ["MEMORY"];
      assert.deepEqual(account.unsupported, memory);
      const format = memory.length === 0 ? "v2" : "v1";
      assert.ok(account.streams.length >= 38);
      for (const stream of account.streams) assert.equal(stream.format, format, stream.name);
    });

    it("come back there as they were, message by message, and are so after a kill -9", async () => {
      await comesBack(machine, account);
    });

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
