import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";
import type { LocalCluster } from "../../local/local-cluster.ts";
import { LocalServer } from "../../local/local-server.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { publishOne } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { runRelight, summaryOf } from "../../testing/relight-process.ts";
import { StoryCluster } from "../../testing/story-cluster.ts";
import { createConsumer, createStream } from "../../testing/stream-setup.ts";
import { TcpProxy } from "../../testing/tcp-proxy.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const versions = process.env.RELIGHT_LONG === "1" ? ["2.15", "2.14", "2.12", "2.10"] : ["2.15"];

for (const version of versions) {
  describe(`a cluster of three nats-servers ${version}`, () => {
    let story: StoryCluster;
    let cluster: LocalCluster;
    let session: Session;
    let directory: string;
    before(async () => {
      story = await StoryCluster.start(version);
      ({ cluster, session, directory } = story);
      const { connection } = session.api;
      for (const [name, replicas] of [
        ["THREE", 3],
        ["ONE", 1],
      ] as const) {
        await createStream(connection, { name, subjects: [`${name}.>`] }, { replicas });
        await createConsumer(connection, name, { durable_name: "reader" });
        await fillStream(connection, name, {
          messages: 24 * 64,
          size: 16_384,
          kind: "random",
          subjects: [`${name}.a`],
        });
      }
    });
    after(() => story?.[Symbol.asyncDispose]());

    const leaderOf = async (stream: string): Promise<string> =>
      (await session.api.streamInfo(stream)).cluster?.leader ?? "";

    it("F07: a leader that steps down in mid-snapshot: the backup is proven, and the new leader is said", async () => {
      const leader = await leaderOf("THREE");
      await using proxy = await TcpProxy.start({ targetPort: cluster.node(leader).port });
      await using proxied = await openTestSession(proxy.url);
      const stalled = proxy.stallAfter("toClient", 3 * 2 ** 20);
      const backup = backupStream(proxied, { stream: "THREE", directory: join(directory, "step-down"), tool });
      await stalled;
      await session.api.request("STREAM.LEADER.STEPDOWN.THREE");
      for (let tries = 0; tries < 100; tries++) {
        const now = await leaderOf("THREE").catch(() => "");
        if (now !== "" && now !== leader) break;
        await sleep(50);
      }
      proxy.resume();
      const { manifest, movements } = await backup;
      assert.equal(manifest.content.messages, 24 * 64);
      assert.deepEqual(
        movements.map((movement) => movement.kind),
        ["leader"],
      );
    });

    it("F20: what live publishers write in a cluster while a stream is restored is said, and nothing is lost", async () => {
      await backupStream(session, { stream: "THREE", directory: join(directory, "THREE"), tool });
      const original = await readStream(session.api.connection, "THREE");
      await session.api.deleteStream("THREE");
      let publishing = true;
      let accepted = 0;
      const publisher = (async (): Promise<void> => {
        while (publishing) {
          await publishOne(session.api.connection, { subject: "THREE.live", payload: "live" }).then(
            () => accepted++,
            () => sleep(1),
          );
        }
      })();
      const stored = await readBackup(join(directory, "THREE"));
      const [result] = await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool });
      while (accepted === 0) await sleep(5);
      publishing = false;
      await publisher;
      assert.equal(result?.status, "restored", JSON.stringify(result));
      if (result?.status === "restored") {
        const arrived = result.done.info.state.last_seq - original.info.state.last_seq;
        const said = result.done.outcome.notes.some((note) => /arrived after the restore/.test(note));
        assert.equal(said, arrived > 0, "what arrived is said, and nothing else");
      }
      const now = await readStream(session.api.connection, "THREE");
      assert.equal(now.info.state.messages, original.info.state.messages + accepted);
      for (let row = 0; row < original.messages.length; row++) {
        assert.ok(original.messages.sameAt(row, now.messages, row), `message ${row} is what it was`);
      }
    });

    it("F15: a backup of three replicas is refused by a single server, with the cure, and restores with one", async () => {
      const path = join(directory, "step-down");
      const original = await readStream(session.api.connection, "ONE");
      await using single = await LocalServer.start({ version });
      const server = ["--server", single.url];
      const refused = await runRelight(directory, ["stream", "restore", path, ...server]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /asks for 3 replicas, and this server is not in a cluster/);
      assert.match(refused.stderr, /--replicas 1/);
      await using there = await openTestSession(single.url);
      assert.deepEqual(await there.api.streamNames(), []);
      const restored = await runRelight(directory, ["stream", "restore", path, "--replicas", "1", ...server]);
      assert.equal(restored.code, 0, restored.stderr);
      assert.match(restored.stdout, /num_replicas: 3 → 1/);
      assert.equal((await there.api.streamInfo("THREE")).state.messages, original.info.state.messages);
    });

    // The last one, since it takes a server down.
    it("F06: a stream that is offline does not stop the backup of the others: it is named, and the exit code is 3", async () => {
      const host = await leaderOf("ONE");
      await cluster.node(host).kill();
      const others = cluster.servers.filter((server) => server.name !== host).map((server) => server.url);
      await using reachable = await openTestSession(others.join(","), "1s");
      let three: StreamInfo | undefined;
      // Until the meta group has a leader again nobody answers for the account, and the backup would say just that.
      for (let tries = 0; tries < 200 && !three?.cluster?.leader; tries++) {
        const answers = await reachable.api.streamNames().catch(() => undefined);
        three = answers && (await reachable.api.streamInfo("THREE").catch(() => undefined));
        await sleep(100);
      }
      const all = join(directory, "all");
      const run = await runRelight(directory, ["account", "backup", all, "--json", "--server", others.join(",")]);
      assert.equal(run.code, 3, run.stderr);
      const summary = summaryOf(run) as { readonly ok: boolean; readonly streams: readonly Record<string, unknown>[] };
      assert.equal(summary.ok, false);
      const fates = Object.fromEntries(summary.streams.map((one) => [one.stream, one]));
      assert.equal(fates.THREE?.status, "backed-up");
      assert.equal(fates.ONE?.status, "failed");
      assert.equal((fates.ONE?.error as { readonly code?: string } | undefined)?.code, "STREAM_OFFLINE");
      assert.ok(!existsSync(join(all, "ONE")));
      const [stored] = await readBackup(join(all, "THREE"));
      assert.equal(stored?.manifest?.content.messages, three?.state.messages);
    });
  });
}
