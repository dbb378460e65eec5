import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";
import { LocalServer } from "../../local/local-server.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { backupConfiguration } from "../account-backup/backup-configuration.ts";
import { readConfiguration } from "../account-restore/read-configuration.ts";
import { restoreConfiguration } from "../account-restore/restore-configuration.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "./read-backup.ts";
import { restoreStreams } from "./restore-streams.ts";

const stream = (name: string, origin?: string, filter?: string): StreamConfig =>
  ({
    name,
    subjects: [`${name.toLowerCase()}.>`],
    storage: "file",
    ...(origin ? { sources: [{ name: origin, ...(filter ? { filter_subject: filter } : {}) }] } : {}),
  }) as StreamConfig;

async function publish(nc: NatsConnection, subject: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) nc.publish(subject, `${i}`);
  await nc.flush();
}

/** Waits until a stream has so many messages. */
async function reaches({ api }: Session, name: string, messages: number): Promise<void> {
  for (const until = Date.now() + 60_000; ; await sleep(50)) {
    const { state } = await api.streamInfo(name);
    if (state.messages === messages) return;
    if (Date.now() > until) assert.fail(`${name} has ${state.messages} messages, and should have ${messages}`);
  }
}

/** Without what tells when the stream was created, as the nats CLI makes it: nats-server 2.15 takes it for another then. */
async function backUp(session: Session, name: string, home: string): Promise<void> {
  await backupStream(session, { stream: name, directory: join(home, name), tool: "test" });
  await rm(join(home, name, "relight.json"));
}

describe("what a stream has copied of origins that are restored with it, on nats-server 2.15", () => {
  let home: string;
  let ahead: string;
  let ring: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "relight-origins-"));
    [ahead, ring] = [join(home, "ahead"), join(home, "ring")];
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    const { api } = session;
    const nc = await connect({ servers: server.url });
    await api.createStream(stream("ORIGIN"));
    await api.createStream(stream("COPY", "ORIGIN"));
    await publish(nc, "origin.1", 20);
    await backUp(session, "ORIGIN", ahead);
    await publish(nc, "origin.1", 10);
    await reaches(session, "COPY", 30);
    await backUp(session, "COPY", ahead);
    await backupConfiguration(session, { directory: join(home, "account"), data: true });

    await api.createStream(stream("LEFT"));
    await api.createStream(stream("RIGHT", "LEFT", "left.>"));
    await api.request("STREAM.UPDATE.LEFT", stream("LEFT", "RIGHT", "right.>"));
    await publish(nc, "left.1", 20);
    await publish(nc, "right.1", 10);
    for (const name of ["LEFT", "RIGHT"]) {
      await reaches(session, name, 30);
      await backUp(session, name, ring);
    }
    await nc.close();
  });
  after(() => rm(home, { recursive: true }));

  const restore = async (session: Session, directory: string): Promise<void> => {
    const stored = await readBackup(directory);
    for (const result of await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool: "test" }))
      assert.equal(result.status, "restored", JSON.stringify(result));
  };

  it("V1-78 does not hide from it what is published to an origin that is behind it while the run goes on", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    const nc = await connect({ servers: server.url });
    let going = true;
    const publisher = (async () => {
      while (going) {
        await publish(nc, "origin.1", 1);
        await turn();
      }
    })();
    await restore(session, ahead);
    going = false;
    await publisher;
    await nc.close();
    const { state } = await session.api.streamInfo("ORIGIN");
    assert.ok(state.messages > 20, "nothing was published meanwhile");
    await reaches(session, "COPY", 30 + state.messages - 20);
  });

  it("V1-78 is kept where an account's configurations and data are restored one after the other", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    const { streams } = await readConfiguration(join(home, "account"));
    for (const { status, error } of await restoreConfiguration(session, {
      streams,
      updateStreams: false,
      tool: "test",
    }))
      assert.equal(status, "restored", error?.message);
    const nc = await connect({ servers: server.url });
    await publish(nc, "origin.1", 1);
    await nc.close();
    await reaches(session, "COPY", 31);
  });

  it("V1-78 is kept where two streams source each other", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    await restore(session, ring);
    const nc = await connect({ servers: server.url });
    await publish(nc, "left.1", 1);
    await publish(nc, "right.1", 1);
    await nc.close();
    for (const name of ["LEFT", "RIGHT"]) await reaches(session, name, 32);
    // What was copied again would be there before the new messages are; and both have been copied.
    for (const name of ["LEFT", "RIGHT"]) assert.equal((await session.api.streamInfo(name)).state.messages, 32);
  });

  /** Streams of the same names, the copy with a message of its own, and what happens to them while both are replaced. */
  async function replaceBoth(session: Session, url: string, safetyDirectory: string, signal?: AbortController) {
    await session.api.createStream(stream("ORIGIN"));
    await session.api.createStream(stream("COPY", "ORIGIN"));
    const nc = await connect({ servers: url });
    await publish(nc, "origin.1", 3);
    await publish(nc, "copy.own", 1);
    await nc.close();
    await reaches(session, "COPY", 4);
    const events: string[] = [];
    const results = await restoreStreams(session, {
      stored: await readBackup(ahead),
      wishes: { ifExists: "replace" },
      tool: "test",
      safetyDirectory,
      ...(signal ? { signal: signal.signal } : {}),
      onEvent: (event) => {
        if (event.kind !== "safety-backup" && event.kind !== "finishing") return;
        events.push(`${event.kind} ${event.stream}`);
        if (event.kind === "finishing") signal?.abort();
      },
    });
    return { events, statuses: results.map(({ stream: name, status }) => `${name} ${status}`).sort() };
  }

  it("is backed up for safety before its origin is replaced, which would be copied anew and push out what only it holds", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    const { events, statuses } = await replaceBoth(session, server.url, join(home, "safety"));
    assert.deepEqual(events, ["safety-backup COPY", "safety-backup ORIGIN", "finishing ORIGIN", "finishing COPY"]);
    assert.deepEqual(statuses, ["COPY restored", "ORIGIN restored"]);
    await reaches(session, "COPY", 30);
  });

  it("is put back where the run is cancelled before its turn comes", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    const { statuses } = await replaceBoth(session, server.url, join(home, "cancelled"), new AbortController());
    assert.ok(statuses.includes("COPY failed"), statuses.join());
    const { message } = await session.api.request<{ message: { subject: string } }>("STREAM.MSG.GET.COPY", {
      last_by_subj: "copy.own",
    });
    assert.equal(message.subject, "copy.own");
    assert.ok((await session.api.streamInfo("ORIGIN")).state.messages > 0);
  });
});
