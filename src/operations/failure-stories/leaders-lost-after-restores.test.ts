import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import type { ConsumerInfo, SequencePair } from "../../jetstream/api-types.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { jsRequest } from "../../testing/js-request.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readStream } from "../../testing/read-stream.ts";
import { StoryCluster } from "../../testing/story-cluster.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const isLong = process.env.RELIGHT_LONG === "1";
const name = "ORDERS";

/** Asks again until the servers that are left have elected who answers. */
async function onceElected<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 30) throw error;
      await sleep(500);
    }
  }
}

async function positionOf(nc: NatsConnection): Promise<{ readonly floor: SequencePair; readonly delivered: number }> {
  const { ack_floor, delivered } = await jsRequest<ConsumerInfo>(nc, `CONSUMER.INFO.${name}.WORKER`);
  return { floor: ack_floor, delivered: delivered.stream_seq };
}

for (const version of ["2.15", "2.14", "2.10"]) {
  describe(`a restore to three replicas, nats-server ${version}`, () => {
    // Not in every run: on busy machines 2.15 once let a group of two living replicas go without a leader for minutes.
    const skip = isLong ? false : "in the long run";
    it("is whole on the others when its leader is killed as soon as the restore says so", { skip }, async () => {
      await using story = await StoryCluster.start(version);
      const { cluster, session, directory } = story;
      const { connection: nc } = session.api;
      await createStream(nc, { name, subjects: [`${name}.>`], num_replicas: 3 });
      await fillStream(nc, name, { messages: 4_000, size: 16 * 1024, kind: "random", subjects: [`${name}.a`] });
      const consumer = { durable_name: "WORKER", ack_policy: "explicit", ack_wait: 600e9, filter_subject: `${name}.>` };
      await jsRequest(nc, `CONSUMER.DURABLE.CREATE.${name}.WORKER`, { stream_name: name, config: consumer });
      const taken = await fetchMessages(nc, name, "WORKER", 20);
      await answer(nc, taken.slice(0, 12));
      const original = await readStream(nc, name);
      const path = join(directory, name);
      await backupStream(session, { stream: name, directory: path, tool });
      await session.api.deleteStream(name);

      const stored = await readBackup(path);
      const [result] = await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool });
      assert.equal(result?.status, "restored", JSON.stringify(result));
      assert.doesNotMatch(JSON.stringify(result), /have not caught up/);
      const before = await positionOf(nc);
      const leader = (await session.api.streamInfo(name)).cluster?.leader;
      await cluster.servers.find((server) => server.name === leader)?.kill();

      const after = await onceElected(() => positionOf(nc));
      const { consumer_seq, stream_seq } = after.floor;
      assert.deepEqual([consumer_seq, stream_seq], [before.floor.consumer_seq, before.floor.stream_seq]);
      // What was handed out and not acknowledged may be handed out again at once (2.15), which nobody can tell from a late answer.
      assert.ok(
        after.delivered >= stream_seq && after.delivered <= before.delivered,
        JSON.stringify({ before, after }),
      );
      const left = await onceElected(() => readStream(nc, name, { consumers: false }));
      assertSameStream({ ...original, consumers: [] }, left);
    });
  });
}
