import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ErrorCode, isRelightError, type RelightError } from "../../errors.ts";
import { type ConnectionSettings, describeConnection, jetStreamApiOptions } from "./connection-settings.ts";
import { type ConnectionFlags, resolveConnectionSettings } from "./resolve-connection-settings.ts";

describe("the connection settings", () => {
  let home = "";
  type Variables = Readonly<Record<string, string>>;
  const resolve = (flags: ConnectionFlags = {}, variables: Variables = {}): ConnectionSettings =>
    resolveConnectionSettings(flags, { XDG_CONFIG_HOME: home, HOME: home, ...variables });
  const refusal = (code: ErrorCode, flags: ConnectionFlags, variables: Variables = {}): RelightError => {
    try {
      resolve(flags, variables);
    } catch (error) {
      assert.ok(isRelightError(error, code), String(error));
      return error;
    }
    assert.fail("the settings were accepted");
  };
  const context = (name: string, fields: object): void =>
    writeFileSync(join(home, "nats", "context", `${name}.json`), JSON.stringify(fields));
  const select = (name: string): void => writeFileSync(join(home, "nats", "context.txt"), name);
  const urls = (settings: ConnectionSettings): string[] => settings.servers.map((server) => server.url);

  before(() => {
    home = mkdtempSync(join(tmpdir(), "relight-settings-"));
    mkdirSync(join(home, "nats", "context"), { recursive: true });
    context("plain", { url: "nats://from.context" });
    context("bob", { url: "nats://from.context", user: "bob", password: "pw" });
    context("creds", { creds: "~/c.creds" });
    context("domain", { jetstream_domain: "hub" });
  });
  after(() => rmSync(home, { recursive: true }));

  it("are these where nothing is given", () => {
    assert.deepEqual(resolve(), {
      servers: [{ url: "nats://127.0.0.1:4222", scheme: "nats", host: "127.0.0.1", port: 4222 }],
      serversOrigin: "default",
      credentials: { kind: "none" },
      tls: { handshakeFirst: false },
      timeoutMs: 5_000,
      name: "relight",
      warnings: [],
    });
  });

  it("take a flag before the environment, that before the context, that before the default", () => {
    const variables = { NATS_URL: "nats://from.environment", NATS_CONTEXT: "plain" };
    const flagged = resolve({ server: "nats://from.flag" }, variables);
    assert.deepEqual([urls(flagged), flagged.serversOrigin], [["nats://from.flag:4222"], "--server"]);
    const set = resolve({}, variables);
    assert.deepEqual([urls(set), set.serversOrigin], [["nats://from.environment:4222"], "$NATS_URL"]);
    const inContext = resolve({ context: "plain" });
    assert.deepEqual([urls(inContext), inContext.serversOrigin], [["nats://from.context:4222"], 'context "plain"']);
  });

  it("take each value on its own: a typed server goes with the context's user", () => {
    const settings = resolve({ server: "other", context: "bob" });
    assert.deepEqual(urls(settings), ["nats://other:4222"]);
    assert.equal(settings.credentials.kind === "user" && settings.credentials.user.value, "bob");
  });

  it("treat an empty flag or variable as not given", () => {
    assert.deepEqual(urls(resolve({ server: "" }, { NATS_URL: "" })), ["nats://127.0.0.1:4222"]);
  });

  it("know every flag and variable of the nats CLI that concerns connecting", () => {
    const variables = {
      NATS_URL: "tls://h",
      NATS_USER: "bob",
      NATS_PASSWORD: "pw",
      NATS_CERT: "c.pem",
      NATS_KEY: "k.pem",
      NATS_CA: "ca.pem",
      NATS_TIMEOUT: "1m",
    };
    const flags: ConnectionFlags = {
      tlsfirst: true,
      jsDomain: "hub",
      inboxPrefix: "_I.bob.",
      connectionName: "nightly",
    };
    assert.deepEqual(resolve(flags, variables), {
      servers: [{ url: "tls://h:4222", scheme: "tls", host: "h", port: 4222 }],
      serversOrigin: "$NATS_URL",
      credentials: {
        kind: "user",
        user: { value: "bob", origin: "$NATS_USER" },
        password: { value: "pw", origin: "$NATS_PASSWORD" },
      },
      tls: {
        cert: { value: "c.pem", origin: "$NATS_CERT" },
        key: { value: "k.pem", origin: "$NATS_KEY" },
        ca: { value: "ca.pem", origin: "$NATS_CA" },
        handshakeFirst: true,
      },
      timeoutMs: 60_000,
      name: "nightly",
      inboxPrefix: "_I.bob",
      jsDomain: "hub",
      warnings: [],
    });
    const kinds = { NATS_CREDS: "creds", NATS_NKEY: "nkey", NATS_JWT: "jwt" };
    for (const [variable, kind] of Object.entries(kinds)) {
      assert.equal(resolve({}, { [variable]: "x" }).credentials.kind, kind);
    }
    assert.deepEqual(resolve({}, { NATS_TOKEN: "t" }).token, { value: "t", origin: "$NATS_TOKEN" });
    assert.deepEqual(resolve({ jwt: "j" }, { NATS_SEED: "s" }).credentials, {
      kind: "jwt",
      jwt: { value: "j", origin: "--jwt" },
      seed: { value: "s", origin: "$NATS_SEED" },
    });
  });

  describe("and the context", () => {
    it("is the selected one, unless another is named or none is wanted", () => {
      select("plain");
      try {
        assert.equal(resolve().contextName, "plain");
        assert.equal(resolve({ context: "bob" }).contextName, "bob");
        assert.equal(resolve({}, { NATS_CONTEXT: "bob" }).contextName, "bob");
        assert.equal(resolve({ context: "creds" }, { NATS_CONTEXT: "bob" }).contextName, "creds");
        assert.equal(resolve({ context: false }, { NATS_CONTEXT: "bob" }).contextName, undefined);
      } finally {
        select("");
      }
    });

    it("that is selected and gone is an error, and stays selected", () => {
      select("gone");
      try {
        const error = refusal("CONTEXT_INVALID", { server: "h" });
        assert.match(error.message, /selected context.*"gone"/);
        assert.match(error.hint, /--no-context/);
        assert.deepEqual(urls(resolve({ server: "h", context: false })), ["nats://h:4222"]);
        refusal("CONTEXT_INVALID", {});
      } finally {
        select("");
      }
    });

    it("switches TLS first on, and --no-tlsfirst off again", () => {
      context("first", { tls_first: true });
      assert.equal(resolve({ context: "first" }).tls.handshakeFirst, true);
      assert.equal(resolve({ context: "first", tlsfirst: false }).tls.handshakeFirst, false);
    });

    it("with a SOCKS proxy is refused, unless that is switched off", () => {
      context("proxy", { socks_proxy: "socks5://h" });
      assert.match(refusal("USAGE", { context: "proxy" }).message, /context "proxy" asks for a SOCKS proxy/);
      assert.equal(resolve({ context: "proxy", socksProxy: "none" }).contextName, "proxy");
      refusal("USAGE", {}, { NATS_SOCKS_PROXY: "socks5://h" });
    });
  });

  describe("and the credentials", () => {
    it("are a token where a user is given without a password", () => {
      const settings = resolve({ user: "t0ken" });
      assert.deepEqual(settings.token, { value: "t0ken", origin: "--user" });
      assert.deepEqual(settings.credentials, { kind: "none" });
      assert.equal(resolve({ user: "bob" }, { NATS_PASSWORD: "pw" }).credentials.kind, "user");
      assert.equal(resolve({ user: "a", token: "b" }).token?.value, "a");
    });

    it("may have a password of the flags with the context's user", () => {
      const { credentials } = resolve({ context: "bob", password: "new" });
      assert.equal(credentials.kind === "user" && credentials.password.value, "new");
    });

    it("are the first kind of user, creds, nkey and JWT, wherever they come from; the others make a warning", () => {
      const settings = resolve({ context: "bob" }, { NATS_CREDS: "c", NATS_NKEY: "n" });
      assert.equal(settings.credentials.kind, "user");
      assert.deepEqual(settings.warnings, [
        '$NATS_CREDS has no effect: the user of context "bob" goes before it',
        '$NATS_NKEY has no effect: the user of context "bob" goes before it',
      ]);
      assert.equal(resolve({}, { NATS_JWT: "j", NATS_NKEY: "n", NATS_CREDS: "c" }).credentials.kind, "creds");
    });

    it("are refused where typed ones would have no effect", () => {
      const error = refusal("USAGE", { context: "bob", creds: "c" });
      assert.match(error.message, /--creds has no effect: the user of context "bob"/);
      refusal("USAGE", { user: "a", password: "b", nkey: "n" });
      refusal("USAGE", { creds: "c" }, { NATS_USER: "a", NATS_PASSWORD: "b" });
      refusal("USAGE", { context: "creds", nkey: "n" });
      refusal("USAGE", { password: "b" });
      refusal("USAGE", { seed: "s" });
      refusal("USAGE", { server: "nats://a:b@h", user: "a", password: "b" });
      refusal("USAGE", { server: "nats://a:b@h", token: "t" });
      refusal("USAGE", { server: "nats://a:b@h", nkey: "n" });
    });

    it("replace the context's of the same kind", () => {
      const { credentials } = resolve({ context: "creds", creds: "mine" });
      assert.deepEqual(credentials, { kind: "creds", file: { value: "mine", origin: "--creds" } });
    });

    it("send a token beside a context's user, and say so", () => {
      const settings = resolve({ context: "bob", user: "t0ken" });
      assert.equal(settings.credentials.kind, "user");
      assert.equal(settings.token?.value, "t0ken");
      assert.match(settings.warnings.join(), /--user has no password and is sent as a token/);
    });
  });

  it("refuse a certificate without its key and a key without its certificate", () => {
    assert.match(refusal("USAGE", { tlscert: "c" }).message, /certificate \(--tlscert\) without its key/);
    assert.match(refusal("USAGE", {}, { NATS_KEY: "k" }).message, /key \(\$NATS_KEY\) without its certificate/);
  });

  it("refuse a domain together with an API prefix, also from different places", () => {
    assert.match(refusal("USAGE", { context: "domain", jsApiPrefix: "x" }).message, /exclude each other/);
  });

  it("refuse what cannot be a part of a subject, and a time-out that makes no sense", () => {
    for (const inboxPrefix of ["a.*", ">", "a b", "a..b", "."]) refusal("USAGE", { inboxPrefix });
    for (const timeout of ["0", "-1s", "5", "25d"]) refusal("USAGE", { timeout });
  });

  it("say how the JetStream API is addressed", () => {
    assert.deepEqual(jetStreamApiOptions(resolve({ jsDomain: "hub", timeout: "1s", inboxPrefix: "_I" })), {
      domain: "hub",
      timeoutMs: 1_000,
      inboxPrefix: "_I",
    });
    assert.deepEqual(jetStreamApiOptions(resolve({ jsApiPrefix: "acc.JS." })), { prefix: "acc.JS", timeoutMs: 5_000 });
  });

  it("are described in one line that holds no secret", () => {
    assert.equal(
      describeConnection(resolve({ context: "bob" })),
      'nats://from.context:4222 as user "bob" (context "bob")',
    );
    assert.equal(describeConnection(resolve()), "nats://127.0.0.1:4222");
    const lines = [
      describeConnection(resolve({ server: "nats://bob:s3cret@h,nats://s3cret@i" })),
      describeConnection(resolve({ user: "bob", password: "s3cret" })),
      describeConnection(resolve({ user: "s3cret" })),
      describeConnection(resolve({ jwt: "s3cret", seed: "s3cret" })),
      describeConnection(resolve({ creds: "data:;base64,s3cret" })),
    ];
    assert.doesNotMatch(lines.join("\n"), /s3cret/);
  });
});
