import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ConfiguredServer, startConfiguredServer } from "../../testing/configured-server.ts";
import { ConnectionHome } from "../../testing/connection-home.ts";
import type { ConnectionFlags } from "./resolve-connection-settings.ts";

const certificate = (name: string): string =>
  fileURLToPath(new URL(`../../../testdata/tls/${name}.pem`, import.meta.url));

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

const home = new ConnectionHome();
const { file, open, failure } = home;
after(home.remove);

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
    const missing = await failure("CREDENTIALS_INVALID", { server, tlsca: join(home.path, "nope.pem") });
    assert.match(missing.message, /nope\.pem \(--tlsca\) cannot be read/);
    const wrong = await failure("CREDENTIALS_INVALID", { server, tlsca: file("wrong.pem", "hello") });
    assert.match(wrong.message, /wrong\.pem \(--tlsca\) cannot be used/);
    const pair = { tlscert: certificate("client"), tlskey: certificate("other-client-key") };
    const mismatch = await failure("CREDENTIALS_INVALID", { server, tlsca: ca, ...pair });
    assert.match(mismatch.message, /other-client-key\.pem \(--tlskey\) cannot be used/);
  });
});
