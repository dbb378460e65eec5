import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ConfiguredServer, startConfiguredServer } from "../../testing/configured-server.ts";
import { ConnectionHome } from "../../testing/connection-home.ts";
import { makeOperatorMode } from "../../testing/operator-mode.ts";

const home = new ConnectionHome();
const { file, whoAmI, failure } = home;
after(home.remove);

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
    const missing = await failure("CREDENTIALS_INVALID", { ...flags, creds: join(home.path, "nope.creds") });
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
