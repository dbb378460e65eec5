import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "@nats-io/transport-node";
import { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { loadStream } from "../../testing/cluster-harness/load-stream.ts";
import { type ConfiguredServer, startConfiguredServer } from "../../testing/configured-server.ts";
import { AimedConsumer, aimConsumer } from "./aim-consumer.ts";
import { fetchBatch } from "./fetch-batch.ts";

/** Users of one account; "ivy" may listen below her own prefix only. */
const config = `
authorization {
  users: [
    { user: all, password: p }
    { user: ivy, password: p, permissions: { publish: ">", subscribe: "_I.ivy.>" } }
  ]
}`;

describe("a batch of one replica's messages", () => {
  let server: ConfiguredServer;
  before(async () => {
    server = await startConfiguredServer(config);
  });
  after(() => server.stop());

  it("comes back below the inbox prefix of its account's user, who may listen nowhere else", async () => {
    await using resources = new AsyncDisposableStack();
    const all = await connect({ servers: server.address, user: "all", pass: "p" });
    resources.defer(() => all.close());
    await loadStream(all, { name: "ORDERS", subjects: ["orders.>"] }, 20);
    const inboxPrefix = "_I.ivy";
    const ivy = await connect({ servers: server.address, user: "ivy", pass: "p", inboxPrefix });
    resources.defer(() => ivy.close());
    const api = new JetStreamApi(ivy, { inboxPrefix });
    const consumer = await aimConsumer({ api, stream: "ORDERS", server: "", replicas: 1, from: 1 });
    assert.ok(consumer instanceof AimedConsumer);
    resources.use(consumer);
    const { end, sequences } = await fetchBatch(consumer, { batch: 20, maxBytes: 1_000_000, silenceMs: 5_000 });
    assert.deepEqual([end, sequences.length], ["full", 20]);
  });
});
