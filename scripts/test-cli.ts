// npm run test:cli: backups go both ways between Relight's command line and the nats CLI, on several server versions.
// Takes the nats CLI from $NATS_CLI, PATH or the project's cache, or builds it with `go install`.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { LocalServer } from "../src/local/local-server.ts";
import {
  type BackedUpAccount,
  type BackedUpStream,
  backUpAccount,
  deleteAccount,
} from "../src/testing/matrix/backed-up-account.ts";
import { differencesOf } from "../src/testing/matrix/restored-account.ts";
import { NatsCli } from "../src/testing/nats-cli.ts";
import { openTestSession } from "../src/testing/open-test-session.ts";
import { runRelight } from "../src/testing/relight-process.ts";
import { type CreatedKind, createStreamKinds, kindsFor } from "../src/testing/stream-kinds.ts";

const home = await mkdtemp(join(tmpdir(), "relight-cli-"));
after(() => rm(home, { recursive: true, force: true }));
const cli = await NatsCli.find(home, (text) => console.error(text));
console.error(`nats CLI ${cli.version}: ${cli.path}`);

for (const version of ["2.10", "2.14", "2.15"]) {
  describe(`relight and the nats CLI on nats-server ${version}`, { timeout: 600_000 }, () => {
    let server: LocalServer;
    let nc: NatsConnection;
    let created: readonly CreatedKind[];
    /** Made by `relight account backup`'s own code. */
    let account: BackedUpAccount;
    const made = (name: string): string => join(home, `${version}-${name}`);

    before(async () => {
      server = await LocalServer.start({ version, maxPayload: 16 * 1024 * 1024 });
      nc = await connect({ servers: server.url, reconnect: false });
      // The CLI knows nothing of streams in memory before 2.15.
      const kinds = kindsFor(nc).filter(({ name }) => version === "2.15" || name !== "memory");
      created = await createStreamKinds(nc, kinds);
      await using session = await openTestSession(server.url);
      account = await backUpAccount(session, nc, created, made("account"));
    });
    after(async () => {
      await nc?.close();
      await server?.stop();
    });

    const relight = async (...args: readonly string[]): Promise<void> => {
      const run = await runRelight(home, [...args, "--server", server.url, "--no-progress"]);
      assert.equal(run.code, 0, `relight ${args.join(" ")}: ${run.stderr}${run.stdout}`);
    };
    const emptyAccount = async (): Promise<void> => {
      await using session = await openTestSession(server.url);
      await deleteAccount(session, created);
    };
    const areBack = async (streams: readonly BackedUpStream[]): Promise<void> => {
      const pair = { from: server.version, to: server.version, asItIs: true };
      assert.equal(await differencesOf(nc, streams, pair), "");
    };
    /**
     * What the CLI itself restores as it was: it sends first_seq, which empties streams on 2.10; and on 2.15 it sends v2
     * as it is, so origins are new and what sources them copies everything again.
     */
    const byCli = (): BackedUpStream[] =>
      account.streams.filter(
        ({ kind }) =>
          !(version === "2.10" && kind.name === "first-sequence") && !(version === "2.15" && kind.name === "sources"),
      );

    // In this order: the account is full before the first of them, and after each.
    it("nats stream backup → relight stream restore", async () => {
      const directory = made("by-cli");
      await mkdir(directory);
      for (const { name } of account.streams) {
        await cli.run(server.url, "stream", "backup", name, join(directory, name), "--no-progress");
      }
      await emptyAccount();
      await relight("stream", "restore", directory);
      await areBack(account.streams);
    });

    it("nats account backup → relight account restore", async () => {
      await cli.run(server.url, "account", "backup", made("account-by-cli"), "--force");
      await emptyAccount();
      await relight("account", "restore", made("account-by-cli"));
      await areBack(account.streams);
    });

    it("relight stream backup → nats stream restore", async () => {
      const directory = made("by-relight");
      await mkdir(directory);
      const some = byCli().slice(0, 12);
      for (const { name } of some) await relight("stream", "backup", name, join(directory, name));
      await emptyAccount();
      for (const { name } of some) {
        await cli.run(server.url, "stream", "restore", join(directory, name), "--no-progress");
      }
      await areBack(some);
      for (const stream of byCli()) {
        if (!some.includes(stream)) {
          await cli.run(server.url, "stream", "restore", stream.directory, "--no-progress");
        }
      }
      await areBack(byCli());
    });

    it("relight account backup → nats account restore", async () => {
      await emptyAccount();
      await relight("account", "restore", account.directory);
      await relight("account", "backup", made("account-by-relight"));
      await emptyAccount();
      await cli.run(server.url, "account", "restore", made("account-by-relight"));
      await areBack(byCli());
    });
  });
}
