/** Streams in memory with three replicas: read message by message, and restored to a cluster that takes no archive of them. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { connect } from "@nats-io/transport-node";
import { LocalCluster } from "../../local/local-cluster.ts";
import { compareStreams } from "../../testing/compare-streams.ts";
import { describeDifferences } from "../../testing/difference.ts";
import { settleCluster, stepDownAll } from "../../testing/matrix/clustered-streams.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { type Outgoing, publishAll } from "../../testing/publish.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readStream } from "../../testing/read-stream.ts";
import { createConsumer, createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "./read-backup.ts";
import { restoreStreams } from "./restore-streams.ts";

const tool = "relight test";
/** What the stream's leader itself holds: a consumer may be on another replica. */
const leaders = { method: "message-get" } as const;

for (const version of ["2.10", "2.14"]) {
  it(`comes back in a cluster of nats-server ${version}, on every replica`, { timeout: 240_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "relight-story-"));
    const cluster = await LocalCluster.start({ version });
    const nc = await connect({ servers: [...cluster.urls] });
    try {
      await using session = await openTestSession(cluster.url);
      for (const retention of ["limits", "workqueue"]) {
        const name = retention.toUpperCase();
        const config = { name, subjects: [`${name}.>`], storage: "memory", retention, allow_direct: true };
        await createStream(nc, config, { replicas: 3 });
        await createConsumer(nc, name, { durable_name: "reader", ack_wait: 60_000_000_000 });
        const messages = Array.from(
          { length: 1_000 },
          (_, i): Outgoing => ({ subject: `${name}.${i % 5}`, payload: `message ${i}`, headers: [["X", `${i}`]] }),
        );
        await publishAll(nc, messages);
        for (const sequence of [500, 501, 1_000]) await deleteMessage(nc, name, sequence, false);
        await answer(nc, await fetchMessages(nc, name, "reader", 20), "+ACK");
        await settleCluster(nc, 3);
        const original = await readStream(nc, name);
        const path = join(directory, name);
        await backupStream(session, { stream: name, directory: path, tool });
        await session.api.deleteStream(name);
        const stored = await readBackup(path);
        const [result] = await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool });
        assert.ok(result?.status === "restored", JSON.stringify(result));
        const anew = version === "2.10" ? { messageTimes: true, streamState: ["first_ts", "last_ts"] } : {};
        const tolerate = {
          streamState: ["last_ts"],
          ...anew,
          consumerConfig: ["deliver_policy", "opt_start_seq"],
          consumerState: ["delivered.consumer_seq", "ack_floor.consumer_seq", "ack_floor.stream_seq"],
        };
        if (retention === "workqueue") tolerate.consumerState.push("delivered.stream_seq");
        await settleCluster(nc, 3);
        for (const leader of ["the first leader", "another leader", "one more"]) {
          const differences = compareStreams(original, await readStream(nc, name, leaders), tolerate);
          assert.deepEqual([leader, describeDifferences(differences)], [leader, ""]);
          await stepDownAll(nc);
        }
        const [next] = await fetchMessages(nc, name, "reader", 1);
        assert.equal(next?.sequence, 21);
        assert.deepEqual(await session.api.streamNames(), [name]);
        await session.api.deleteStream(name);
      }
    } finally {
      await nc.close();
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
}
