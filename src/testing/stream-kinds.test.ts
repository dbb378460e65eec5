import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { LocalServer } from "../local/local-server.ts";
import { compareStreams } from "./compare-streams.ts";
import { describeDifferences } from "./difference.ts";
import { unexpectedIn } from "./expected-stream.ts";
import { jsRequest } from "./js-request.ts";
import { damagedCompressedKind } from "./kinds/damaged.ts";
import { type ReadMethod, readStream, type StreamContents } from "./read-stream.ts";
import { type StreamFacts, versionAtLeast } from "./stream-info.ts";
import { type CreatedKind, createStreamKinds, kindsFor, streamKinds } from "./stream-kinds.ts";

const maxPayload = 16 * 1024 * 1024;

for (const version of ["2.15", "2.10", "2.9"]) {
  describe(`on nats-server ${version}`, () => {
    let server: LocalServer;
    let nc: NatsConnection;
    let created: readonly CreatedKind[] = [];
    const read = new Map<string, StreamContents>();

    before(async () => {
      server = await LocalServer.start({ version, maxPayload });
      nc = await connect({ servers: server.url, reconnect: false });
      created = await createStreamKinds(nc);
    });
    after(async () => {
      await nc?.close();
      await server?.stop();
    });

    for (const kind of streamKinds.filter((one) => versionAtLeast(`${version}.99`, one.minVersion))) {
      it(`${kind.name}: ${kind.title}`, async () => {
        const facts = created.find((one) => one.kind === kind)?.facts;
        assert.ok(facts, "the kind was not created");
        for (const expected of facts.streams) {
          const contents = await readStream(nc, expected.name);
          read.set(expected.name, contents);
          assert.deepEqual(unexpectedIn(contents, expected), []);
        }
      });
    }

    it("every way of reading a stream gives the same bytes", async () => {
      const ways = new Map<ReadMethod, number>();
      for (const [name, contents] of read) {
        for (const method of otherMethods(contents, server.version)) {
          const again = await readStream(nc, name, { method });
          const differences = compareStreams(contents, again);
          assert.equal(describeDifferences(differences), "", `${name}: ${contents.method} and ${method} differ`);
          ways.set(method, (ways.get(method) ?? 0) + 1);
        }
      }
      assert.ok((ways.get("message-get") ?? 0) > 20);
      if (versionAtLeast(server.version, "2.11.0")) assert.ok((ways.get("direct-get") ?? 0) >= 4);
    });

    it("reading leaves no consumer behind, and takes nothing off a queue", async () => {
      for (const [name, contents] of read) {
        const { state } = await jsRequest<StreamFacts>(nc, `STREAM.INFO.${name}`);
        assert.deepEqual({ ...state }, { ...contents.info.state }, name);
      }
    });
  });
}

/** The ways besides the one that was taken; direct gets cannot tell an empty header block from none. */
function otherMethods(contents: StreamContents, version: string): ReadMethod[] {
  const methods: ReadMethod[] = contents.method === "message-get" ? [] : ["message-get"];
  const direct = contents.info.config.allow_direct === true && versionAtLeast(version, "2.11.0");
  return direct ? [...methods, "direct-get"] : methods;
}

describe("kindsFor", () => {
  it("leaves out what the server's max_payload does not allow", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    const nc = await connect({ servers: server.url, reconnect: false });
    const names = kindsFor(nc).map((kind) => kind.name);
    assert.ok(names.includes("headers") && !names.includes("big-messages"));
    await nc.close();
  });

  it("names each kind once", () => {
    assert.equal(new Set(streamKinds.map((kind) => kind.name)).size, streamKinds.length);
  });
});

describe("a stream that its own server damaged", () => {
  it("is refused by every way of reading, though the server counts all its messages", async () => {
    await using server = await LocalServer.start({ version: "2.10" });
    let nc = await connect({ servers: server.url, reconnect: false });
    await createStreamKinds(nc, [damagedCompressedKind]);
    assert.equal((await readStream(nc, "DAMAGED")).messages.length, 299, "the cache still holds all");
    await nc.close();
    await server.terminate("SIGTERM");
    await server.launch();
    nc = await connect({ servers: server.url, reconnect: false });
    const { state } = await jsRequest<StreamFacts>(nc, "STREAM.INFO.DAMAGED");
    assert.equal(state.messages, 299);
    for (const method of ["consumer", "message-get"] as const) {
      await assert.rejects(readStream(nc, "DAMAGED", { method }), /\d+ messages came of 299/);
    }
    await nc.close();
  });
});
