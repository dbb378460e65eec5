import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { nkeys } from "@nats-io/nats-core";
import { isRelightError } from "../../errors.ts";
import { LocalServer } from "../../local/local-server.ts";
import { type ConfiguredServer, startConfiguredServer } from "../../testing/configured-server.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { TcpProxy } from "../../testing/tcp-proxy.ts";
import { WireConnection } from "../wire/wire-connection.ts";
import { prepareDialling } from "./connect.ts";
import { dialWire } from "./dial-wire.ts";
import { type ConnectionFlags, resolveConnectionSettings } from "./resolve-connection-settings.ts";

const certificate = (name: string): string =>
  fileURLToPath(new URL(`../../../testdata/tls/${name}.pem`, import.meta.url));

async function dialled(flags: ConnectionFlags): Promise<WireConnection | undefined> {
  const settings = resolveConnectionSettings({ timeout: "3s", context: false, ...flags }, {});
  const [server] = settings.servers;
  assert.ok(server);
  return dialWire(server, await prepareDialling(settings, { environment: {} }));
}

async function open(flags: ConnectionFlags): Promise<WireConnection> {
  const wire = await dialled(flags);
  assert.ok(wire, "it did not connect");
  return wire;
}

/** The user that the server takes the connection for. */
async function whoAmI(flags: ConnectionFlags): Promise<string> {
  const wire = await open(flags);
  const { data } = await wire.request("$SYS.REQ.USER.INFO", "", { timeout: 3_000 });
  await wire.close();
  return JSON.parse(Buffer.from(data).toString("utf8")).data.user;
}

for (const version of ["2.9", "2.15"]) {
  describe(`a connection without garbage, to nats-server ${version}`, () => {
    let server: LocalServer;
    before(async () => {
      server = await LocalServer.start({ version });
    });
    after(() => server.stop());

    it("is what a session dedicates to a snapshot or a restore", async () => {
      await using session = await openTestSession(server.url);
      const wire = await session.dedicate();
      assert.equal(wire.transient, true);
      assert.equal(wire.info?.version, session.api.serverVersion.text);
      await wire.close();
    });

    it("publishes and receives messages of every size, in order", async () => {
      const [one, other] = [await open({ server: server.url }), await open({ server: server.url })];
      const sizes = [0, 1, 1_000, 65_535, 65_536, 500_000, 1_048_576, 3];
      const sent = sizes.map((size) => randomBytes(size));
      const received: Buffer[] = [];
      const all = Promise.withResolvers<void>();
      other.subscribe("size.*", {
        callback: (_error, { data, subject, reply }) => {
          assert.equal(subject, `size.${received.length}`);
          assert.equal(reply, received.length % 2 === 0 ? "a.b" : undefined);
          if (received.push(Buffer.from(data)) === sizes.length) all.resolve();
        },
      });
      await other.rtt();
      sent.forEach((data, index) => {
        one.publish(`size.${index}`, data, index % 2 === 0 ? { reply: "a.b" } : {});
      });
      await all.promise;
      assert.ok(received.every((data, index) => data.equals(sent[index] as Buffer)));
      await Promise.all([one.close(), other.close()]);
    });

    it("tells an unanswered request from one that nobody listens to", async () => {
      const wire = await open({ server: server.url });
      const request = (subject: string): Promise<unknown> => wire.request(subject, "", { timeout: 200 });
      await assert.rejects(request("nobody"), (error) => isRelightError(error, "JETSTREAM_UNAVAILABLE"));
      const quiet = wire.subscribe("quiet", { callback: () => {} });
      await assert.rejects(request("quiet"), (error) => isRelightError(error, "TIMEOUT"));
      quiet.unsubscribe();
      await assert.rejects(request("quiet"), (error) => isRelightError(error, "JETSTREAM_UNAVAILABLE"));
      assert.ok((await wire.rtt()) < 3_000);
      await wire.close();
    });

    it("says why it was closed, and ends what waits for an answer", async () => {
      await using proxy = await TcpProxy.start({ targetPort: server.port });
      const wire = await open({ server: proxy.url });
      wire.subscribe("quiet", { callback: () => {} });
      const request = wire.request("quiet", "", { timeout: 10_000 });
      await wire.rtt();
      proxy.cut();
      await assert.rejects(request, (error) => isRelightError(error, "CONNECTION_LOST"));
      assert.ok((await wire.closed()) instanceof Error);
      assert.equal(wire.isClosed(), true);
      await assert.rejects(wire.rtt());

      const closed = await open({ server: server.url });
      await closed.close();
      assert.equal(await closed.closed(), undefined);
    });
  });
}

describe("a connection without garbage", () => {
  const key = nkeys.createUser();
  const seed = new TextDecoder().decode(key.getSeed());
  let users: ConfiguredServer;
  let token: ConfiguredServer;
  let required: ConfiguredServer;
  let offered: ConfiguredServer;
  let mutual: ConfiguredServer;
  let first: ConfiguredServer;
  let nameOnly: ConfiguredServer;
  const tls = (name: string, more = ""): string =>
    `tls { cert_file: "${certificate(name)}", key_file: "${certificate(`${name}-key`)}" ${more} }`;
  before(async () => {
    users = await startConfiguredServer(
      `authorization { users: [
         { user: "bob", password: "s3cret" }
         { nkey: ${key.getPublicKey()} }
         { user: "ivy", password: "s3cret", permissions: { publish: ["ok", "$SYS.>"], subscribe: ["_I.ivy.>"] } }
       ] }`,
    );
    [token, required, offered, mutual, first, nameOnly] = await Promise.all([
      startConfiguredServer('authorization { token: "t0ken" }'),
      startConfiguredServer(tls("server")),
      startConfiguredServer(`${tls("server")}\nallow_non_tls: true`),
      startConfiguredServer(tls("server", `, verify: true, ca_file: "${certificate("ca")}"`)),
      startConfiguredServer(tls("server", ", handshake_first: true")),
      startConfiguredServer(tls("name-only")),
    ]);
  });
  after(() => Promise.all([users, token, required, offered, mutual, first, nameOnly].map((server) => server?.stop())));

  it("takes credentials of every plain kind", async () => {
    const server = users.address;
    assert.equal(await whoAmI({ server, user: "bob", password: "s3cret" }), "bob");
    assert.equal(await whoAmI({ server: `nats://bob:s3cret@${server}` }), "bob");
    assert.equal(
      await whoAmI({ server, nkey: `data:;base64,${Buffer.from(seed).toString("base64")}` }),
      key.getPublicKey(),
    );
    await (await open({ server: token.address, token: "t0ken" })).close();
  });

  it("tells a subject that the user may not use", async () => {
    const wire = await open({ server: users.address, user: "ivy", password: "s3cret", inboxPrefix: "_I.ivy" });
    const denied = (error: unknown): boolean => isRelightError(error, "PERMISSION_DENIED");
    await assert.rejects(wire.request("secret", "", { timeout: 3_000 }), denied);
    const refused = Promise.withResolvers<Error | null>();
    wire.subscribe("other", { callback: (error) => refused.resolve(error) });
    assert.match(String(await refused.promise), /Permissions Violation/);
    await wire.close();
    const elsewhere = await open({ server: users.address, user: "ivy", password: "s3cret" });
    await assert.rejects(elsewhere.request("ok", "", { timeout: 3_000 }), denied);
    await elsewhere.close();
  });

  it("speaks TLS where the server wants it, offers it or begins with it, and large messages pass", async () => {
    const authority = { tlsca: certificate("ca") };
    const client = { tlscert: certificate("client"), tlskey: certificate("client-key") };
    for (const [server, flags] of [
      [required, { scheme: "nats", ...authority }],
      [required, { scheme: "tls", ...authority }],
      [offered, { scheme: "nats", ...authority }],
      [mutual, { scheme: "tls", ...authority, ...client }],
      [first, { scheme: "tls", ...authority, tlsfirst: true }],
    ] as const) {
      const { scheme, ...others } = flags;
      for (const host of ["127.0.0.1", "localhost"]) {
        const wire = await open({ server: `${scheme}://${host}:${server.port}`, ...others });
        assert.equal(wire.encrypted, true);
        const data = randomBytes(900_000);
        const received = new Promise<Buffer>((resolve) =>
          wire.subscribe("large", { callback: (_error, message) => resolve(Buffer.from(message.data)) }),
        );
        wire.publish("large", data);
        assert.ok((await received).equals(data));
        await wire.close();
      }
    }
  });

  it("does not speak to a server whose certificate is not right", async () => {
    const authority = { tlsca: certificate("ca") };
    assert.equal(await dialled({ server: `tls://127.0.0.1:${required.port}` }), undefined);
    assert.equal(await dialled({ server: `nats://127.0.0.1:${required.port}` }), undefined);
    assert.equal(await dialled({ server: `nats://127.0.0.1:${offered.port}` }), undefined);
    assert.equal(await dialled({ server: `tls://127.0.0.1:${nameOnly.port}`, ...authority }), undefined);
    assert.equal(await dialled({ server: `tls://localhost:${mutual.port}`, ...authority }), undefined);
    assert.equal(
      await dialled({ server: `tls://localhost:${required.port}`, tlsca: certificate("other-ca") }),
      undefined,
    );
  });

  it("leaves to the NATS client what it cannot do, and what fails", async () => {
    assert.equal(await dialled({ server: users.address, user: "bob", password: "wrong" }), undefined);
    assert.equal(await dialled({ server: "127.0.0.1:1" }), undefined);
    assert.equal(await dialled({ server: `tls://${users.address}` }), undefined);
    assert.equal(await dialled({ server: `ws://${users.address}` }), undefined);
  });

  it("gives up on one that accepts and closes, or falls silent, wherever TLS is meant", async () => {
    const offer = 'INFO {"tls_available":true}\r\n';
    for (const [flags, answers] of [
      [{ tlsfirst: true }, [undefined]],
      [{ tlsfirst: true }, [""]],
      [{ tlsca: certificate("ca") }, [""]],
      [{ tlsca: certificate("ca") }, ["INFO {"]],
      [{ tlsca: certificate("ca") }, [offer]],
      [{}, [offer, ""]],
      [{}, [offer, undefined]],
    ] as const) {
      let turn = 0;
      const sockets: Socket[] = [];
      const listener = createServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => {});
        const answer = answers[Math.min(turn++, answers.length - 1)];
        if (answer === offer) socket.write(offer);
        else if (answer !== undefined) socket.end(answer);
      });
      listener.listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      assert.equal(await dialled({ server: `127.0.0.1:${port}`, timeout: "400ms", ...flags }), undefined);
      for (const socket of sockets) socket.destroy();
      listener.close();
    }
  });

  it("notices a server that is frozen", async () => {
    await using proxy = await TcpProxy.start({ targetPort: token.port });
    const wire = new WireConnection({ pingEveryMs: 40 });
    const socket = connect({ port: proxy.port, host: "127.0.0.1" });
    await wire.attach(socket);
    await wire.introduce({ verbose: false, auth_token: "t0ken", protocol: 1 });
    await sleep(300);
    assert.equal(wire.isClosed(), false);
    proxy.stall();
    assert.match(String(await wire.closed()), /does not answer any more/);
  });

  it("gives up on a server that says nothing, nonsense, or that it wants TLS", async () => {
    for (const says of ["", "SSH-2.0-OpenSSH\r\n", "INFO {not json}\r\n", 'INFO {"tls_available":true}\r\n']) {
      const listener = createServer((socket) => {
        socket.on("error", () => {});
        socket.write(says);
      });
      listener.listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as AddressInfo;
      assert.equal(await dialled({ server: `127.0.0.1:${port}`, timeout: "300ms" }), undefined, says);
      listener.close();
    }
  });
});
