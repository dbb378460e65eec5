import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { nkeys } from "@nats-io/nats-core";
import { type ConfiguredServer, startConfiguredServer } from "../../testing/configured-server.ts";
import { ConnectionHome } from "../../testing/connection-home.ts";
import type { ConnectionFlags } from "./resolve-connection-settings.ts";

const home = new ConnectionHome();
const { file, open, whoAmI, failure } = home;
after(home.remove);

describe("connecting with a user, a token or an nkey", () => {
  const key = nkeys.createUser();
  const seed = new TextDecoder().decode(key.getSeed());
  let server: ConfiguredServer;
  let tokenServer: ConfiguredServer;

  before(async () => {
    server = await startConfiguredServer(
      `websocket { listen: "127.0.0.1:-1", no_tls: true }
       authorization { users: [
         { user: "bob", password: "s3cret" }
         { user: "p@ul", password: "a:b@c/d%e" }
         { nkey: ${key.getPublicKey()} }
         { user: "ivy", password: "s3cret", permissions: { subscribe: ["_I.ivy.>"] } }
       ] }`,
    );
    tokenServer = await startConfiguredServer('authorization { token: "t0ken" }');
  });
  after(async () => {
    await server.stop();
    await tokenServer.stop();
  });

  it("takes user and password from the flags", async () => {
    assert.equal(await whoAmI({ server: server.address, user: "bob", password: "s3cret" }), "bob");
  });

  it("takes them from the URL", async () => {
    assert.equal(await whoAmI({ server: `nats://bob:s3cret@${server.address}` }), "bob");
    assert.equal(await whoAmI({ server: `nats://p%40ul:a%3Ab%40c%2Fd%25e@${server.address}` }), "p@ul");
  });

  it("takes each server's own from its URL", async () => {
    const servers = `nats://nobody:x@127.0.0.1:1,nats://bob:s3cret@${server.address}`;
    for (let i = 0; i < 4; i++) assert.equal(await whoAmI({ server: servers }), "bob");
  });

  it("takes a password from a file or a variable", async () => {
    const password = `file://${file("password", "s3cret\n")}`;
    assert.equal(await whoAmI({ server: server.address, user: "bob", password }), "bob");
  });

  it("takes a token from --token, from a user without a password and from the URL", async () => {
    for (const flags of [
      { server: tokenServer.address, token: "t0ken" },
      { server: tokenServer.address, user: "t0ken" },
      { server: `t0ken@${tokenServer.address}` },
    ]) {
      await (await open(flags)).close();
    }
    await failure("AUTH_FAILED", { server: tokenServer.address, token: "wr0ng" }, { secrets: ["wr0ng"] });
  });

  it("takes the seed of an nkey from a file, alone or decorated", async () => {
    for (const content of [
      seed,
      `${seed}\n`,
      `# bob\r\n${seed}\r\n`,
      `---BEGIN USER NKEY SEED---\n${seed}\n---END---\n`,
    ]) {
      assert.equal(await whoAmI({ server: server.address, nkey: file("bob.nk", content) }), key.getPublicKey());
    }
  });

  it("does so over a WebSocket too", async () => {
    const address = server.webSocketAddress;
    assert.equal(await whoAmI({ server: `ws://${address}`, user: "bob", password: "s3cret" }), "bob");
    assert.equal(await whoAmI({ server: `ws://bob:s3cret@${address}` }), "bob");
    assert.equal(await whoAmI({ server: `ws://${address}`, nkey: file("bob.nk", seed) }), key.getPublicKey());
    await failure("AUTH_FAILED", { server: `ws://${address}`, user: "bob", password: "wr0ng" }, { secrets: ["wr0ng"] });
  });

  it("connects over TCP and WebSocket at the same time, each by its own way", async () => {
    const urls = [`ws://bob:s3cret@${server.webSocketAddress}`, `nats://bob:s3cret@${server.address}`];
    const users = await Promise.all([...urls, ...urls, ...urls].map((url) => whoAmI({ server: url })));
    assert.deepEqual(users, Array(6).fill("bob"));
  });

  it("uses the selected context, a named one and a context file", async () => {
    const fields = { url: server.address, user: "bob", password: "s3cret" };
    const path = file("nats/context/prod.json", JSON.stringify(fields));
    assert.equal(await whoAmI({ context: "prod" }), "bob");
    assert.equal(await whoAmI({ context: path }), "bob");
    const selected = file("nats/context.txt", "prod");
    assert.equal(await whoAmI({}), "bob");
    rmSync(selected);
    file("bob.nk", seed);
    file("nats/context/key.json", JSON.stringify({ url: server.address, nkey: "$HOME/bob.nk" }));
    assert.equal(await whoAmI({ context: "key" }), key.getPublicKey());
  });

  it("listens only below the inbox prefix", async () => {
    const ivy = { server: server.address, user: "ivy", password: "s3cret" };
    assert.equal(await whoAmI({ ...ivy, inboxPrefix: "_I.ivy" }), "ivy");
    await assert.rejects(whoAmI(ivy), /Permissions Violation/i);
  });

  it("is AUTH_FAILED with the server's words for a wrong password, user and key, and for none", async () => {
    const stranger = new TextDecoder().decode(nkeys.createUser().getSeed());
    const attempts: readonly ConnectionFlags[] = [
      { server: server.address, user: "bob", password: "wr0ng" },
      { server: `nats://bob:wr0ng@${server.address}` },
      { server: server.address, nkey: file("stranger.nk", stranger) },
      { server: server.address },
    ];
    for (const flags of attempts) {
      const error = await failure("AUTH_FAILED", flags, { secrets: ["wr0ng", stranger] });
      assert.match(error.message, /127\.0\.0\.1:\d+: Authorization Violation/);
      assert.equal(error.exitCode, 14);
    }
  });

  it("is AUTH_FAILED where one server refuses and another is down", async () => {
    const error = await failure("AUTH_FAILED", { server: `${server.address},127.0.0.1:1` });
    assert.match(error.message, /Authorization Violation/);
    assert.match(error.message, /127\.0\.0\.1:1: connection refused/);
  });

  it("names a file of credentials that is missing or holds something else", async () => {
    const flags = { server: server.address };
    const missing = await failure("CREDENTIALS_INVALID", { ...flags, nkey: join(home.path, "nope.nk") });
    assert.match(missing.message, /nope\.nk \(--nkey\) cannot be read: there is no such file/);
    const wrong = await failure("CREDENTIALS_INVALID", { ...flags, nkey: file("wrong.nk", "hello") });
    assert.match(wrong.message, /wrong\.nk \(--nkey\) holds no seed/);
    const damaged = `${seed.slice(0, 20)}${seed[20] === "A" ? "B" : "A"}${seed.slice(21)}`;
    await failure("CREDENTIALS_INVALID", { ...flags, nkey: file("damaged.nk", damaged) }, { secrets: [damaged] });
    const account = new TextDecoder().decode(nkeys.createAccount().getSeed());
    const notUser = await failure(
      "CREDENTIALS_INVALID",
      { ...flags, nkey: file("a.nk", account) },
      { secrets: [account] },
    );
    assert.match(notUser.message, /not a user's/);
  });
});
