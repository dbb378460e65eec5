import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type NatsConnection, nkeys } from "@nats-io/nats-core";
import { type ErrorCode, isRelightError, type RelightError } from "../../errors.ts";
import { type ConfiguredServer, startConfiguredServer } from "../../testing/configured-server.ts";
import { makeOperatorMode } from "../../testing/operator-mode.ts";
import { type ConnectOptions, connect } from "./connect.ts";
import { type ConnectionFlags, resolveConnectionSettings } from "./resolve-connection-settings.ts";

const certificate = (name: string): string =>
  fileURLToPath(new URL(`../../../testdata/tls/${name}.pem`, import.meta.url));

let home = "";
const file = (name: string, content: string): string => {
  const path = join(home, name);
  writeFileSync(path, content);
  return path;
};
const environment = (): Record<string, string> => ({ HOME: home, XDG_CONFIG_HOME: home });

const open = (flags: ConnectionFlags, options: ConnectOptions = {}): Promise<NatsConnection> => {
  const settings = resolveConnectionSettings({ timeout: "3s", ...flags }, environment());
  return connect(settings, { environment: environment(), ...options });
};

/** The user that the server takes the connection for. */
const whoAmI = async (flags: ConnectionFlags): Promise<string> => {
  const connection = await open(flags);
  try {
    const answer = (await connection.request("$SYS.REQ.USER.INFO")).json<{ data: { user: string } }>();
    return answer.data.user;
  } finally {
    await connection.close();
  }
};

/** The error that connecting ends with; none of its texts may hold one of the secrets. */
const failure = async (
  code: ErrorCode,
  flags: ConnectionFlags,
  options: ConnectOptions & { secrets?: readonly string[] } = {},
): Promise<RelightError> => {
  let error: unknown;
  try {
    await (await open(flags, options)).close();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error, "it connected");
  assert.ok(isRelightError(error, code), String(error));
  const shown = `${error.message} ${error.hint} ${error.cause} ${JSON.stringify(error.context)}`;
  for (const secret of options.secrets ?? []) assert.ok(!shown.includes(secret), `"${secret}" in: ${shown}`);
  return error;
};

/** Connects in a process of its own, which is the only way to give Node an authority; each URL, or why it failed. */
const connectTrusting = async (authority: string, urls: readonly string[]): Promise<string[]> => {
  const at = (name: string): string => JSON.stringify(new URL(name, import.meta.url));
  const script = `
    import { connect } from ${at("./connect.ts")};
    import { resolveConnectionSettings } from ${at("./resolve-connection-settings.ts")};
    for (const server of ${JSON.stringify(urls)}) {
      const attempt = connect(resolveConnectionSettings({ server, context: false }, {}));
      console.log(await attempt.then((connection) => connection.close().then(() => server), (error) => error.message));
    }`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...typeStripping, "--input-type=module", "-e", script],
    {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
    },
  );
  return stdout.trim().split("\n");
};
const typeStripping = process.execArgv.filter((argument) => argument.includes("strip-types"));

before(() => {
  home = mkdtempSync(join(tmpdir(), "relight-connect-"));
});
after(() => rmSync(home, { recursive: true }));

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
    mkdirSync(join(home, "nats", "context"), { recursive: true });
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
    const missing = await failure("CREDENTIALS_INVALID", { ...flags, nkey: join(home, "nope.nk") });
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

describe("connecting to a server in operator mode", () => {
  const operator = makeOperatorMode();
  let server: ConfiguredServer;

  before(async () => {
    server = await startConfiguredServer(operator.config);
  });
  after(() => server.stop());

  it("takes a credentials file, with either kind of line end", async () => {
    const { creds, publicKey } = operator.user();
    for (const content of [creds, creds.replaceAll("\n", "\r\n")]) {
      assert.equal(await whoAmI({ server: server.address, creds: file("bob.creds", content) }), publicKey);
    }
  });

  it("takes credentials out of a reference", async () => {
    const { creds, publicKey } = operator.user();
    const data = `data:;base64,${Buffer.from(creds).toString("base64")}`;
    assert.equal(await whoAmI({ server: server.address, creds: data }), publicKey);
  });

  it("takes a JWT with its seed, or a bearer's alone", async () => {
    const { jwt, seed, publicKey } = operator.user();
    assert.equal(await whoAmI({ server: server.address, jwt, seed }), publicKey);
    const paths = { jwt: `file://${file("bob.jwt", `${jwt}\n`)}`, seed: `file://${file("bob.seed", `${seed}\n`)}` };
    assert.equal(await whoAmI({ server: server.address, ...paths }), publicKey);
    const bearer = operator.user({ bearer: true });
    assert.equal(await whoAmI({ server: server.address, jwt: bearer.jwt }), bearer.publicKey);
    await failure("AUTH_FAILED", { server: server.address, jwt }, { secrets: [jwt] });
  });

  it("is AUTH_FAILED for another operator's user", async () => {
    const { creds, jwt, seed } = makeOperatorMode().user();
    const flags = { server: server.address, creds: file("stranger.creds", creds) };
    await failure("AUTH_FAILED", flags, { secrets: [jwt, seed] });
  });

  it("says when the credentials have expired", async () => {
    const { creds } = operator.user({ expires: new Date("2021-03-04T05:06:07Z") });
    const error = await failure("AUTH_FAILED", { server: server.address, creds: file("old.creds", creds) });
    assert.match(error.message, /expired on 2021-03-04T05:06:07/);
  });

  it("names a credentials file that is missing or holds something else", async () => {
    const flags = { server: server.address };
    const missing = await failure("CREDENTIALS_INVALID", { ...flags, creds: join(home, "nope.creds") });
    assert.match(missing.message, /nope\.creds \(--creds\)/);
    const { jwt, seed } = operator.user();
    const noSeed = await failure("CREDENTIALS_INVALID", { ...flags, creds: file("a.creds", jwt) }, { secrets: [jwt] });
    assert.match(noSeed.message, /holds no seed/);
    const noJwt = await failure("CREDENTIALS_INVALID", { ...flags, creds: file("b.creds", seed) }, { secrets: [seed] });
    assert.match(noJwt.message, /holds no JWT/);
    const aPath = await failure("CREDENTIALS_INVALID", { ...flags, jwt: "./bob.jwt" });
    assert.match(aPath.message, /file:\/\/ before a path/);
  });
});

describe("connecting with TLS", () => {
  const tls = (name: string, more = ""): string =>
    `tls { cert_file: "${certificate(name)}", key_file: "${certificate(`${name}-key`)}" ${more} }`;
  const servers = new Map<string, ConfiguredServer>();
  const at = (name: string): number => servers.get(name)?.port ?? 0;
  const webSocketAt = (name: string): string => servers.get(name)?.webSocketAddress ?? "";
  const ca = certificate("ca");

  before(async () => {
    const configs: Readonly<Record<string, string>> = {
      required: `${tls("server")}\nwebsocket { listen: "127.0.0.1:-1"\n ${tls("server")} }`,
      mutual: tls("server", `, verify: true, ca_file: "${ca}"`),
      first: tls("server", ", handshake_first: true"),
      nameOnly: tls("name-only"),
      addressOnly: tls("address-only"),
      offered: `${tls("server")}\nallow_non_tls: true`,
      plain: "",
    };
    await Promise.all(
      Object.entries(configs).map(async ([name, config]) => {
        servers.set(name, await startConfiguredServer(config));
      }),
    );
  });
  after(() => Promise.all([...servers.values()].map((server) => server.stop())));

  const encrypted = async (flags: ConnectionFlags): Promise<boolean> => {
    const connection = await open(flags);
    try {
      const answer = await connection.request("$SYS.REQ.USER.INFO");
      assert.ok(answer.data.length > 0);
      return connection.info?.tls_required === true || connection.info?.tls_available === true;
    } finally {
      await connection.close();
    }
  };

  it("trusts the authority of --tlsca, under the name and under the address of the certificate", async () => {
    for (const scheme of ["nats", "tls"]) {
      for (const host of ["localhost", "127.0.0.1"]) {
        assert.equal(await encrypted({ server: `${scheme}://${host}:${at("required")}`, tlsca: ca }), true);
      }
    }
  });

  it("does not trust an authority that it does not know", async () => {
    const attempts: readonly ConnectionFlags[] = [
      { server: `tls://127.0.0.1:${at("required")}` },
      { server: `nats://127.0.0.1:${at("required")}` },
      { server: `nats://localhost:${at("required")}`, tlsca: certificate("other-ca") },
    ];
    for (const flags of attempts) {
      const error = await failure("CONNECT_FAILED", flags);
      assert.match(error.message, /certificate is not trusted/);
      assert.match(error.hint, /--tlsca/);
    }
  });

  it("does not accept a certificate for another host", async () => {
    const named = `${at("nameOnly")}`;
    assert.equal(await encrypted({ server: `tls://localhost:${named}`, tlsca: ca }), true);
    for (const scheme of ["tls", "nats"]) {
      const error = await failure("CONNECT_FAILED", { server: `${scheme}://127.0.0.1:${named}`, tlsca: ca });
      assert.match(error.message, /certificate is not for this host/);
    }
  });

  it("shows a client certificate where the server wants one", async () => {
    const server = `tls://localhost:${at("mutual")}`;
    const client = { tlscert: certificate("client"), tlskey: certificate("client-key") };
    assert.equal(await encrypted({ server, tlsca: ca, ...client }), true);
    const none = await failure("AUTH_FAILED", { server, tlsca: ca });
    assert.match(none.message, /wants a client certificate/);
    const stranger = { tlscert: certificate("other-client"), tlskey: certificate("other-client-key") };
    const refused = await failure("AUTH_FAILED", { server, tlsca: ca, ...stranger });
    assert.match(refused.message, /does not accept the client certificate/);
  });

  it("begins with TLS where --tlsfirst or the context says so", async () => {
    const server = `tls://127.0.0.1:${at("first")}`;
    assert.equal(await encrypted({ server, tlsca: ca, tlsfirst: true }), true);
    mkdirSync(join(home, "nats", "context"), { recursive: true });
    file("nats/context/first.json", JSON.stringify({ url: server, ca, tls_first: true }));
    assert.equal(await encrypted({ context: "first" }), true);
    const late = await failure("CONNECT_FAILED", { server, tlsca: ca, timeout: "300ms" });
    assert.match(late.hint, /--tlsfirst/);
    const early = await failure("CONNECT_FAILED", { server: `127.0.0.1:${at("plain")}`, tlsfirst: true });
    assert.match(early.message, /does not begin with TLS/);
  });

  it("does without TLS that a server only offers where its certificate is not trusted and none was asked for", async () => {
    const connection = await open({ server: `nats://127.0.0.1:${at("offered")}` });
    await connection.close();
    await failure("CONNECT_FAILED", { server: `tls://127.0.0.1:${at("offered")}` });
  });

  it("never sends anything in plain text to a tls:// address", async () => {
    for (const flags of [
      { server: `tls://127.0.0.1:${at("plain")}` },
      { server: `127.0.0.1:${at("plain")}`, tlsca: ca },
    ]) {
      const error = await failure("CONNECT_FAILED", { ...flags, user: "bob", password: "s3cret" });
      assert.match(error.message, /does not offer TLS/);
    }
  });

  it("trusts what Node trusts, for nats:// addresses by name and by address and for wss://", async () => {
    const urls = [
      `nats://localhost:${at("nameOnly")}`,
      `nats://127.0.0.1:${at("addressOnly")}`,
      `tls://127.0.0.1:${at("addressOnly")}`,
      `wss://${webSocketAt("required")}`,
    ];
    assert.deepEqual(await connectTrusting(ca, urls), urls);
    const [misnamed, ...rest] = await connectTrusting(ca, [`tls://127.0.0.1:${at("nameOnly")}`]);
    assert.match(misnamed ?? "", /certificate is not for this host/);
    assert.deepEqual(rest, []);
  });

  it("says that a wss:// certificate is not trusted, and how to trust it", async () => {
    const error = await failure("CONNECT_FAILED", { server: `wss://${webSocketAt("required")}` });
    assert.match(error.message, /certificate is not trusted/);
    assert.match(error.hint, /NODE_EXTRA_CA_CERTS/);
  });

  it("refuses TLS files for a WebSocket instead of ignoring them", async () => {
    const error = await failure("USAGE", { server: `wss://${webSocketAt("required")}`, tlsca: ca });
    assert.match(error.message, /--tlsca/);
  });

  it("names a file that is missing or holds something else", async () => {
    const server = `tls://127.0.0.1:${at("required")}`;
    const missing = await failure("CREDENTIALS_INVALID", { server, tlsca: join(home, "nope.pem") });
    assert.match(missing.message, /nope\.pem \(--tlsca\) cannot be read/);
    const wrong = await failure("CREDENTIALS_INVALID", { server, tlsca: file("wrong.pem", "hello") });
    assert.match(wrong.message, /wrong\.pem \(--tlsca\) cannot be used/);
    const pair = { tlscert: certificate("client"), tlskey: certificate("other-client-key") };
    const mismatch = await failure("CREDENTIALS_INVALID", { server, tlsca: ca, ...pair });
    assert.match(mismatch.message, /other-client-key\.pem \(--tlskey\) cannot be used/);
  });
});

describe("connecting to something that does not answer as it should", () => {
  /** A TCP server that does `greet` with each client; its sockets end with it. */
  const listen = async (
    greet: (socket: Socket) => void,
  ): Promise<{ port: number; sockets: Set<Socket>; close(): void }> => {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => sockets.delete(socket))
        .resume();
      greet(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return {
      port: typeof address === "object" && address ? address.port : 0,
      sockets,
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  };

  /** The other side learns of a closed socket a moment later. */
  const nothingLeft = async (sockets: ReadonlySet<Socket>): Promise<void> => {
    for (let i = 0; i < 100 && sockets.size > 0; i++) await sleep(10);
    assert.equal(sockets.size, 0);
  };

  it("is CONNECT_FAILED with the address and the cause for a port where nobody listens", async () => {
    for (const scheme of ["nats", "tls", "ws", "wss"]) {
      const error = await failure("CONNECT_FAILED", { server: `${scheme}://127.0.0.1:1` });
      assert.equal(error.message, `cannot connect to ${scheme}://127.0.0.1:1: connection refused`);
      assert.equal(error.exitCode, 14);
    }
  });

  it("is CONNECT_FAILED with each address and its cause for several", async () => {
    const error = await failure(
      "CONNECT_FAILED",
      { server: "nats://bob:s3cret@127.0.0.1:1,nats://nowhere.invalid:2" },
      { secrets: ["s3cret"] },
    );
    assert.match(error.message, /nats:\/\/127\.0\.0\.1:1: connection refused/);
    assert.match(error.message, /nats:\/\/nowhere\.invalid:2: the host name "nowhere\.invalid" cannot be resolved/);
  });

  for (const tlsfirst of [false, true]) {
    it(`gives up after the time-out, and leaves no socket behind${tlsfirst ? ", with TLS first" : ""}`, async () => {
      const silent = await listen(() => {});
      try {
        const error = await failure("CONNECT_FAILED", {
          server: `127.0.0.1:${silent.port}`,
          timeout: "200ms",
          tlsfirst,
        });
        assert.match(error.message, /no answer within 200ms/);
        await nothingLeft(silent.sockets);
      } finally {
        silent.close();
      }
    });
  }

  it("is CONNECT_FAILED for a server that closes at once, and for one that is not NATS", async () => {
    const closing = await listen((socket) => socket.end());
    const http = await listen((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    try {
      for (const { port } of [closing, http]) {
        const error = await failure("CONNECT_FAILED", { server: `127.0.0.1:${port}`, timeout: "1s" });
        assert.ok(error.message.includes(`127.0.0.1:${port}: `), error.message);
        assert.doesNotMatch(error.message, /undefined/);
      }
      const error = await failure("CONNECT_FAILED", { server: `ws://127.0.0.1:${http.port}`, timeout: "1s" });
      assert.match(error.message, /not as a WebSocket/);
    } finally {
      closing.close();
      http.close();
    }
  });

  it("ends at once with CANCELLED when the signal says so", async () => {
    const silent = await listen(() => {});
    try {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const begun = Date.now();
      await failure("CANCELLED", { server: `127.0.0.1:${silent.port}`, timeout: "20s" }, { signal: controller.signal });
      assert.ok(Date.now() - begun < 5_000);
      await nothingLeft(silent.sockets);
      await failure("CANCELLED", { server: `127.0.0.1:${silent.port}` }, { signal: AbortSignal.abort() });
    } finally {
      silent.close();
    }
  });
});

describe("a connection that is lost", () => {
  it("comes back on another of its servers if it is an ordinary one, and ends if it is a dedicated one", async () => {
    const users = (name: string): string => `authorization { users: [{ user: "${name}", password: "s3cret" }] }`;
    const [first, second] = await Promise.all([
      startConfiguredServer(users("bob")),
      startConfiguredServer(users("eve")),
    ]);
    const server = `bob:s3cret@${first.address},eve:s3cret@${second.address}`;
    const ordinary = await open({ server });
    const dedicated = await open({ server }, { dedicated: true });
    try {
      const port = Number(ordinary.getServer().split(":")[1]);
      const closed = dedicated.closed();
      await Promise.all([first, second].filter((one) => one.port === port).map((one) => one.stop()));
      const answer = async (): Promise<unknown> => (await ordinary.request("$SYS.REQ.USER.INFO")).json();
      let user: unknown;
      for (let i = 0; i < 100 && user === undefined; i++) {
        user = await answer().catch(() => undefined);
        if (user === undefined) await sleep(50);
      }
      assert.notEqual(Number(ordinary.getServer().split(":")[1]), port);
      // With the user that the other server's URL names.
      assert.equal((user as { data: { user: string } }).data.user, port === first.port ? "eve" : "bob");
      await Promise.all([first.stop(), second.stop()]);
      await closed;
      assert.equal(dedicated.isClosed(), true);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
      await ordinary.close();
      await dedicated.close();
    }
  });
});
