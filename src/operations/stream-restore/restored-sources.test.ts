import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { Session } from "../../jetstream/session.ts";
import { LocalCluster } from "../../local/local-cluster.ts";
import { LocalServer } from "../../local/local-server.ts";
import { sourcesKind } from "../../testing/kinds/linked.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "./read-backup.ts";
import { type RestoreStreamsOptions, restoreStreams } from "./restore-streams.ts";

const names = ["SOURCE_A", "SOURCE_B", "SOURCED"] as const;
/** What was copied from both, and five messages of its own. */
const whole = 60 + 30 + 5;

interface SourceInfo {
  readonly name: string;
  readonly lag: number;
  readonly active: number;
}

/** Waits until a stream copies again from both of its sources, and has all that they have to give. */
async function followsItsSources(api: JetStreamApi): Promise<number> {
  for (const until = Date.now() + 60_000; ; ) {
    const info = await api.request<{ sources?: readonly SourceInfo[]; state: { messages: number } }>(
      "STREAM.INFO.SOURCED",
      {},
    );
    const { sources = [], state } = info;
    // Before it was heard, a source's lag says nothing.
    if (sources.length === 2 && sources.every(({ active, lag }) => active >= 0 && lag === 0)) return state.messages;
    if (Date.now() > until) assert.fail(`it does not copy: ${JSON.stringify(info)}`);
    await sleep(100);
  }
}

/** Publishes to an origin, and waits until the message has been copied. */
async function copiesNext({ api }: Session, url: string, messages: number, subject = "sourcea.0"): Promise<void> {
  const nc = await connect({ servers: url });
  nc.publish(subject, "new");
  await nc.flush();
  await nc.close();
  for (const until = Date.now() + 30_000; ; await sleep(100)) {
    const { state } = await api.streamInfo("SOURCED");
    if (state.messages === messages) return;
    if (state.messages > messages || Date.now() > until) {
      assert.fail(`${state.messages} messages, where ${messages} should be`);
    }
  }
}

/** nats-server 2.15 knows its origins by their creation time, which not every way of restoring them keeps. */
describe("streams that source restored streams, on nats-server 2.15", () => {
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "relight-sources-"));
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    await sourcesKind.create(session.api.connection, server.version);
    for (const stream of names) await backupStream(session, { stream, directory: join(home, stream), tool: "test" });
    // As the nats CLI makes them: nothing says when the streams were created.
    for (const stream of names) await rm(join(home, stream, "relight.json"));
  });
  after(() => rm(home, { recursive: true }));

  const restore = async (session: Session, directory: string, replicas?: number): Promise<void> => {
    const options: RestoreStreamsOptions = {
      stored: await readBackup(directory),
      wishes: { ifExists: "fail", ...(replicas === undefined ? {} : { replicas }) },
      tool: "test",
    };
    for (const result of await restoreStreams(session, options)) {
      assert.equal(result.status, "restored", JSON.stringify(result));
    }
  };

  it("copy everything again where they are restored by another run, which is warned of", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    for (const stream of names) await restore(session, join(home, stream));
    assert.equal(await followsItsSources(session.api), whole + 60 + 30);
  });

  it("V1-78 go on where they stood where they are restored together", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    {
      await using session = await openTestSession(server.url);
      await restore(session, home);
      assert.equal(await followsItsSources(session.api), whole);
      await copiesNext(session, server.url, whole + 1);
    }
    await server.kill();
    await server.launch();
    await using session = await openTestSession(server.url);
    assert.equal(await followsItsSources(session.api), whole + 1);
    await copiesNext(session, server.url, whole + 2);
  });

  it("V1-78 go on where they stood in a cluster too, and with another leader once each source has given something new", {
    timeout: 180_000,
  }, async () => {
    await using cluster = await LocalCluster.start({ version: "2.15" });
    await using session = await openTestSession(cluster.url);
    await restore(session, home, 3);
    assert.equal(await followsItsSources(session.api), whole);
    await copiesNext(session, cluster.url, whole + 1);
    await copiesNext(session, cluster.url, whole + 2, "sourceb.1");
    for (let turn = 0; turn < 2; turn++) {
      await session.api.request("STREAM.LEADER.STEPDOWN.SOURCED", {});
      await sleep(2_000);
      assert.equal(await followsItsSources(session.api), whole + 2 + turn);
      await copiesNext(session, cluster.url, whole + 3 + turn);
    }
  });
});
