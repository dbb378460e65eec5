import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { LocalServer } from "../local/local-server.ts";
import { compareStreams } from "../testing/compare-streams.ts";
import { describeDifferences } from "../testing/difference.ts";
import { ExampleProject, readExamples } from "../testing/documented-examples.ts";
import { fillStream } from "../testing/fill.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { readStream, type StreamContents } from "../testing/read-stream.ts";
import { createConsumer, createStream } from "../testing/stream-setup.ts";

const examples = readExamples("docs/library.md");

describe("the examples of docs/library.md", () => {
  const resources = new AsyncDisposableStack();
  let nc: NatsConnection;
  let project: ExampleProject;
  let original: StreamContents;
  let environment: { readonly NATS_URL: string; readonly TARGET_URL: string };

  before(async () => {
    const directory = mkdtempSync(join(tmpdir(), "relight-examples-"));
    resources.defer(() => rmSync(directory, { recursive: true, force: true }));
    const [server, target] = await Promise.all([
      LocalServer.start({ version: "2.15" }),
      LocalServer.start({ version: "2.15" }),
    ]);
    resources.use(server);
    resources.use(target);
    nc = resources.use(await openTestSession(server.url)).api.connection;
    await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
    await fillStream(nc, "ORDERS", { messages: 400, size: 8_192, kind: "random", subjects: ["orders.new"] });
    await createConsumer(nc, "ORDERS", { durable_name: "billing" });
    original = await readStream(nc, "ORDERS");
    project = new ExampleProject(directory, examples);
    environment = { NATS_URL: server.url, TARGET_URL: target.url };
  });
  after(() => resources.disposeAsync());

  const backUp = (): Promise<string> => project.run("backup", environment);

  it("are the ones that are tested here", () => {
    const tested = ["backup", "restore", "progress", "abort", "errors", "copy", "look", "archive"];
    assert.deepEqual([...examples.keys()], tested);
  });

  it("have no type errors", async () => {
    assert.equal(await project.typeErrors(), "");
  });

  it("take a snapshot, and restore it to what it was", async () => {
    assert.match(await backUp(), /^400 messages, 3\d{6} bytes, status 204\n$/);
    await nc.request("$JS.API.STREAM.DELETE.ORDERS");
    assert.equal(await project.run("restore", environment), "ORDERS: 400 messages\n");
    assert.equal(describeDifferences(compareStreams(original, await readStream(nc, "ORDERS"))), "");
  });

  it("show progress", async () => {
    const lines = (await project.run("progress", environment)).trim().split("\n");
    assert.match(lines[0] ?? "", /^1\d{6} bytes so far$/);
    assert.match(lines.at(-1) ?? "", /^3\d{6} bytes of a stream that takes 3\d{6}$/);
  });

  it("stop a snapshot by a signal", async () => {
    const output = await project.run("abort", environment);
    assert.match(output, /stopped: the snapshot of "ORDERS" was cancelled\n$/);
    assert.ok(output.split("a chunk").length <= 4, output);
  });

  it("tell errors by their codes", async () => {
    assert.match(await project.run("errors", environment), /^not there: .*relight stream ls\n$/);
  });

  it("copy a stream to another server without a file", async () => {
    assert.equal(await project.run("copy", environment), "400 of 400 messages copied, last sequence 400\n");
    await using target = await openTestSession(environment.TARGET_URL);
    const copied = await readStream(target.api.connection, "ORDERS");
    assert.equal(describeDifferences(compareStreams(original, copied)), "");
  });

  it("read and write archives", async () => {
    assert.equal(
      await project.run("archive", environment),
      "v2, 400 messages, 0 problems\n200 messages, the stream goes on after 400\n",
    );
  });

  it("look around", async () => {
    assert.equal(await project.run("look", environment), "ORDERS: 400 messages, can be snapshot\n");
  });
});
