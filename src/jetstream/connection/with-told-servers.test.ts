import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, RelightError } from "../../errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { resolveConnectionSettings } from "./resolve-connection-settings.ts";
import { orToldServers, withToldServers } from "./with-told-servers.ts";

const given = (server: string): ReturnType<typeof resolveConnectionSettings> =>
  resolveConnectionSettings({ server, context: false }, {});
const urls = (server: string, ...told: readonly string[]): readonly string[] =>
  (withToldServers(given(server), told)?.servers ?? []).map(({ url }) => url);

describe("the servers that a cluster tells of", () => {
  it("are those that were not given, with the scheme and the user of the first", () => {
    assert.deepEqual(urls("tls://10.0.0.1:4222", "10.0.0.1:4222", "10.0.0.2:4223", "[::1]:4222"), [
      "tls://10.0.0.2:4223",
      "tls://[::1]:4222",
    ]);
    const [server] = withToldServers(given("nats://bob:secret@10.0.0.1"), ["10.0.0.2:4222"])?.servers ?? [];
    assert.deepEqual(server?.userInfo, { kind: "user", user: "bob", password: "secret" });
  });

  it("are none where nothing else is told, what is told is no address, or WebSockets are used", () => {
    assert.deepEqual(urls("nats://10.0.0.1:4222", "10.0.0.1:4222", "a b"), []);
    assert.equal(withToldServers(given("nats://10.0.0.1"), undefined), null);
    assert.deepEqual(urls("ws://10.0.0.1:8080", "10.0.0.2:4222"), []);
  });

  it("are tried where none of the given ones can be reached, and for no other reason", async () => {
    const settings = given("nats://10.0.0.1:4222");
    const failing = (code: ErrorCode, tried: string[]) => async (to: ConnectionSettings) => {
      tried.push(...to.servers.map(({ url }) => url));
      if (to === settings) throw new RelightError(code, "not the given ones");
      return "connected";
    };
    const tried: string[] = [];
    assert.equal(await orToldServers(settings, () => ["10.0.0.2:4222"], failing("CONNECT_FAILED", tried)), "connected");
    assert.deepEqual(tried, ["nats://10.0.0.1:4222", "nats://10.0.0.2:4222"]);
    const refused = { message: "not the given ones" };
    await assert.rejects(
      orToldServers(settings, () => undefined, failing("CONNECT_FAILED", [])),
      refused,
    );
    await assert.rejects(
      orToldServers(settings, () => ["10.0.0.2:4222"], failing("AUTH_FAILED", [])),
      refused,
    );
  });
});
