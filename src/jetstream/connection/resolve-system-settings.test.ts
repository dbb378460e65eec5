import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { resolveConnectionSettings } from "./resolve-connection-settings.ts";
import { resolveSystemSettings, type SystemFlags } from "./resolve-system-settings.ts";

const ordinary = resolveConnectionSettings(
  { server: "nats://bob:secret@a:4222,b", timeout: "7s", tlsca: "ca.pem", jsDomain: "hub", context: false },
  {},
);
const environment = { NATS_USER: "bob", NATS_PASSWORD: "secret", NATS_URL: "nats://elsewhere" };

describe("resolveSystemSettings", () => {
  it("gives none where no flag asks for it, whatever the environment says", () => {
    assert.equal(resolveSystemSettings({}, ordinary, environment), undefined);
  });

  it("goes where the ordinary connection goes, as another user", () => {
    const settings = resolveSystemSettings({ systemUser: "sys", systemPassword: "pw" }, ordinary, environment);
    assert.ok(settings);
    assert.deepEqual(
      settings.servers.map(({ url, userInfo }) => [url, userInfo]),
      [
        ["nats://a:4222", undefined],
        ["nats://b:4222", undefined],
      ],
    );
    assert.deepEqual([settings.timeoutMs, settings.tls.ca?.value, settings.jsDomain], [7_000, "ca.pem", undefined]);
    assert.equal(settings.credentials.kind, "user");
    assert.equal(resolveSystemSettings({ systemCreds: "s.creds" }, ordinary, {})?.credentials.kind, "creds");
    assert.equal(resolveSystemSettings({ systemNkey: "s.nk" }, ordinary, {})?.credentials.kind, "nkey");
  });

  it("takes a context of its own whole", () => {
    const directory = mkdtempSync(join(tmpdir(), "relight-context-"));
    try {
      const path = join(directory, "sys.json");
      writeFileSync(path, JSON.stringify({ url: "nats://c", user: "root", password: "pw" }));
      const settings = resolveSystemSettings({ systemContext: path }, ordinary, { ...environment, HOME: directory });
      assert.equal(settings?.servers[0]?.url, "nats://c:4222");
      assert.ok(settings.credentials.kind === "user" && settings.credentials.user.value === "root");
      assert.equal(settings.timeoutMs, 7_000);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("refuses what contradicts itself", () => {
    const cases: readonly SystemFlags[] = [
      { systemUser: "sys" },
      { systemPassword: "pw" },
      { systemCreds: "a", systemNkey: "b" },
      { systemContext: "a", systemCreds: "b" },
    ];
    for (const flags of cases) {
      assert.throws(
        () => resolveSystemSettings(flags, ordinary, {}),
        (error) => isRelightError(error, "USAGE"),
      );
    }
  });
});
