import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { LocalServer } from "../local/local-server.ts";
import { type FillOptions, fillStream } from "./fill.ts";
import { readStream } from "./read-stream.ts";
import { createStream } from "./stream-setup.ts";

describe("fillStream", () => {
  let server: LocalServer;
  let nc: NatsConnection;
  before(async () => {
    server = await LocalServer.start({ version: "2.15" });
    nc = await connect({ servers: server.url, reconnect: false });
  });
  after(async () => {
    await nc?.close();
    await server?.stop();
  });

  const options = (name: string, change: Partial<FillOptions> = {}): FillOptions => {
    const subjects = [`${name}.a`, `${name}.b`, `${name}.c`];
    return { messages: 10_000, size: 512, kind: "json", subjects, ...change };
  };
  const hashes = async (name: string): Promise<string[]> =>
    Array.from((await readStream(nc, name)).messages, (message) => message.payloadHash);

  it("stores exactly as many messages of exactly the size, on its subjects in turn", async () => {
    await createStream(nc, { name: "COUNTED", subjects: ["COUNTED.>"] });
    const result = await fillStream(nc, "COUNTED", options("COUNTED"));
    assert.deepEqual([result.messages, result.bytes], [10_000, 5_120_000]);
    const { messages, info } = await readStream(nc, "COUNTED", { hashOnly: false });
    assert.deepEqual([info.state.messages, info.state.num_subjects], [10_000, 3]);
    for (const message of messages) assert.equal(message.payloadSize, 512);
    assert.deepEqual([messages.at(0).subject, messages.at(4).subject], ["COUNTED.a", "COUNTED.b"]);
    assert.equal(JSON.parse(Buffer.from(messages.at(77).payload ?? []).toString()).order, 78);
  });

  it("makes the same content of the same seed, and other content of another", async () => {
    for (const [name, seed] of [
      ["ONE", 7],
      ["TWO", 7],
      ["THREE", 8],
    ] as const) {
      await createStream(nc, { name, subjects: [`${name}.>`] });
      await fillStream(nc, name, options(name, { messages: 300, size: 5_000, kind: "random", seed }));
    }
    assert.deepEqual(await hashes("ONE"), await hashes("TWO"));
    const others = new Set(await hashes("THREE"));
    assert.equal((await hashes("ONE")).filter((hash) => others.has(hash)).length, 0);
  });

  it("goes on where a stream ends, and starts where its configuration says", async () => {
    await createStream(nc, { name: "LATER", subjects: ["LATER.>"], first_seq: 500 });
    await fillStream(nc, "LATER", options("LATER", { messages: 10 }));
    await fillStream(nc, "LATER", options("LATER", { messages: 5 }));
    assert.deepEqual((await readStream(nc, "LATER")).messages.sequences().slice(-2), [513, 514]);
  });

  it("fails when the stream refuses messages, and when no stream takes them", async () => {
    await createStream(nc, { name: "FULL", subjects: ["FULL.>"], discard: "new", max_msgs: 50 });
    await assert.rejects(fillStream(nc, "FULL", options("FULL", { messages: 1_000 })), /refused: maximum messages/);
    await assert.rejects(fillStream(nc, "FULL", options("NOBODY", { messages: 10 })), /no stream takes/);
  });
});
