import assert from "node:assert/strict";
import { it } from "node:test";
import { connect } from "@nats-io/transport-node";
import { LocalServer } from "../../local/local-server.ts";
import { accountOfConnection } from "./account-of-connection.ts";

it("the account of a connection is told by its server, of 2.9 too; of none where it does not answer", async () => {
  await using server = await LocalServer.start({ version: "2.9", systemAccount: true });
  const nc = await connect({ servers: server.url });
  const system = await connect({ servers: server.url, user: "sys", pass: "sys" });
  try {
    assert.equal(await accountOfConnection(nc, system, 2_000), "APP");
    const elsewhere = { info: { server_id: "NOBODY", client_id: 1 } } as typeof nc;
    assert.equal(await accountOfConnection(elsewhere, system, 200), undefined);
  } finally {
    await nc.close();
    await system.close();
  }
});
