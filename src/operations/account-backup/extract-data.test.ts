import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LocalServer } from "../../local/local-server.ts";
import { compareStreams } from "../../testing/compare-streams.ts";
import { describeDifferences } from "../../testing/difference.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { createConsumer, createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { backupConfiguration } from "./backup-configuration.ts";

/** Fills a stream, writes the configuration layout with its data, and deletes the stream. */
async function backUpAndDelete(url: string, directory: string): Promise<StreamContents> {
  await using session = await openTestSession(url);
  const nc = session.api.connection;
  await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
  await fillStream(nc, "ORDERS", { messages: 500, size: 300, kind: "json", subjects: ["orders.new", "orders.paid"] });
  await createConsumer(nc, "ORDERS", { durable_name: "billing", ack_wait: 3_600_000_000_000 });
  await answer(nc, (await fetchMessages(nc, "ORDERS", "billing", 40)).slice(10));
  for (const seq of [3, 4, 250]) await deleteMessage(nc, "ORDERS", seq, true);
  // Some servers write a consumer's state a moment late, and only then it is in a snapshot.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const content = await readStream(nc, "ORDERS");
  const [result] = await backupConfiguration(session, { directory, data: true });
  assert.equal(result?.status, "backed-up");
  await session.api.deleteStream("ORDERS");
  return content;
}

describe("the data of the configuration layout", () => {
  for (const version of ["2.10", "2.14", "2.15"]) {
    it(`is taken up by a nats-server ${version} in whose store it was extracted while it was stopped`, () =>
      inTemporaryDirectory(async (scratch) => {
        const directory = join(scratch, "config");
        await using server = await LocalServer.start({ version });
        const before = await backUpAndDelete(server.url, directory);
        await server.terminate("SIGTERM");

        const streamDirectory = join(server.storeDirectory, "jetstream", "$G", "streams", "ORDERS");
        mkdirSync(streamDirectory, { recursive: true });
        execFileSync("tar", ["-xzf", join(directory, "stream_ORDERS.tgz"), "-C", streamDirectory]);

        await server.launch();
        await using session = await openTestSession(server.url);
        const differences = compareStreams(before, await readStream(session.api.connection, "ORDERS"));
        assert.equal(describeDifferences(differences), "");
      }));
  }
});
