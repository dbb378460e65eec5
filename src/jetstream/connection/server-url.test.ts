import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError, type RelightError } from "../../errors.ts";
import { parseServers, redactUrl } from "./server-url.ts";

const one = (text: string) => parseServers(text, "--server")[0];
const refusal = (text: string): RelightError => {
  try {
    parseServers(text, "--server");
  } catch (error) {
    assert.ok(isRelightError(error, "USAGE"), String(error));
    return error;
  }
  assert.fail(`"${text}" was accepted`);
};

describe("a list of server addresses", () => {
  it("makes scheme and port explicit", () => {
    const urls = ["nats.example.com", "nats://h", "tls://h", "h:1", "nats://h:", "NATS://H:4223/", ":4224"];
    assert.deepEqual(
      urls.map((url) => one(url)?.url),
      [
        "nats://nats.example.com:4222",
        "nats://h:4222",
        "tls://h:4222",
        "nats://h:1",
        "nats://h:4222",
        "nats://H:4223",
        "nats://localhost:4224",
      ],
    );
  });

  it("has other default ports, and keeps the path, for WebSockets", () => {
    assert.equal(one("ws://h")?.url, "ws://h:80");
    assert.equal(one("wss://h/nats/ws?x=1")?.url, "wss://h:443/nats/ws?x=1");
  });

  it("takes IPv6 addresses in brackets", () => {
    assert.deepEqual(one("nats://[::1]:4333"), { url: "nats://[::1]:4333", scheme: "nats", host: "::1", port: 4333 });
  });

  it("is separated by commas and forgives blanks and empty places", () => {
    const servers = parseServers(" a:1, nats://b:2 ,, c", "--server");
    assert.deepEqual(
      servers.map((server) => server.url),
      ["nats://a:1", "nats://b:2", "nats://c:4222"],
    );
  });

  it("gives later addresses without a scheme the kind of the first", () => {
    assert.equal(parseServers("wss://a,b:81", "--server")[1]?.url, "ws://b:81");
  });

  it("keeps user info apart from the address", () => {
    assert.deepEqual(one("nats://bob:s3cret@h:1"), {
      url: "nats://h:1",
      scheme: "nats",
      host: "h",
      port: 1,
      userInfo: { kind: "user", user: "bob", password: "s3cret" },
    });
    assert.deepEqual(one("t0ken@h")?.userInfo, { kind: "token", token: "t0ken" });
  });

  it("decodes user info, and takes a password with @, : and % in it", () => {
    assert.deepEqual(one("nats://b%40b:p%3Aw@h")?.userInfo, { kind: "user", user: "b@b", password: "p:w" });
    assert.deepEqual(one("nats://bob:p@ss:w%rd@h")?.userInfo, { kind: "user", user: "bob", password: "p@ss:w%rd" });
  });

  it("does not take a password of digits for a port", () => {
    assert.equal(one("nats://bob:1234@h")?.port, 4222);
  });

  for (const text of ["", " , ", "http://h", "h:0", "h:65536", "h:x", "h h", "nats://h/path", "::1", "nats://[::1"]) {
    it(`refuses "${text}"`, () => {
      refusal(text);
    });
  }

  it("refuses a mix of WebSocket and other addresses", () => {
    assert.match(refusal("nats://a,ws://b").message, /mixes WebSocket/);
  });

  it("never shows user info in an error", () => {
    for (const text of ["http://bob:s3cret@h", "nats://bob:s3cret@h:99999", "nats://bob:s3/cret@h", "bob:s3cret@h h"]) {
      const { message } = refusal(text);
      assert.doesNotMatch(message, /s3|bob/);
      assert.match(message, /\*\*\*@/);
    }
  });

  it("is shown without what stands before the last @", () => {
    assert.equal(redactUrl("nats://bob:p@ss@h:1"), "nats://***@h:1");
    assert.equal(redactUrl("t0ken@h"), "***@h");
    assert.equal(redactUrl("nats://h:1"), "nats://h:1");
  });
});
