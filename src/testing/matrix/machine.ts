import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { LocalServer, type LocalServerOptions } from "../../local/local-server.ts";
import { openTestSession } from "../open-test-session.ts";
import { versionAtLeast } from "../stream-info.ts";
import { createStreamKinds, streamKinds } from "../stream-kinds.ts";
import { type BackedUpAccount, backUpAccount, deleteAccount } from "./backed-up-account.ts";
import { expectedOutcome } from "./expected-outcome.ts";
import { differencesOf, type RestoredAccount, restoreAccount, unexpectedOutcome } from "./restored-account.ts";

/** For messages of 10 MB. */
const maxPayload = 16 * 1024 * 1024;
/** One server, with a connection for what the tests do themselves. */
export class Machine implements AsyncDisposable {
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
export async function takeAway(
  machine: Machine,
  directory: string,
  kinds?: readonly string[],
): Promise<BackedUpAccount> {
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
export async function comesBack(machine: Machine, account: BackedUpAccount): Promise<RestoredAccount> {
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
