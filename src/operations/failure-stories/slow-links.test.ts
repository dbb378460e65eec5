import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { StoryServer } from "../../testing/story-server.ts";
import type { StreamBackupEvent } from "../stream-backup/backup-events.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";

const tool = "relight test";
const messages = 16 * 64;
const mebibyte = 2 ** 20;

/** The server waits this long for an acknowledgement before it ends with "408 No Flow Response"; never, on 2.9. */
const patience: Readonly<Record<string, number>> = { "2.15": 5, "2.10": 2 };

interface SnapshotRequest {
  readonly chunk_size: number;
  readonly window_size?: number;
}

const versions = process.env.RELIGHT_LONG === "1" ? ["2.15", "2.10", "2.9"] : ["2.15", "2.10"];

for (const version of versions) {
  describe(`a backup over a bad link from nats-server ${version}`, { concurrency: 3 }, () => {
    let story: StoryServer;
    before(async () => {
      story = await StoryServer.start(version);
      for (const stream of ["LATE", "SILENT", "GONE", "SLOW"]) await story.fill(stream, 16);
    });
    after(() => story[Symbol.asyncDispose]());

    /** What the snapshots asked for, as the server hears it. */
    function listen(stream: string): { readonly requests: SnapshotRequest[]; stop(): void } {
      const requests: SnapshotRequest[] = [];
      const subscription = story.nc.subscribe(`$JS.API.STREAM.SNAPSHOT.${stream}`, {
        callback: (_error, message) => {
          requests.push(message.json<SnapshotRequest>());
        },
      });
      return { requests, stop: () => subscription.unsubscribe() };
    }

    if (patience[version] !== undefined) {
      it("F01 F02: acks that come too late end with 408, and the next attempt, with less under way, is proven", async () => {
        const { proxy, session } = await story.through({}, "2s");
        const stream = "LATE";
        const heard = listen(stream);
        const events: StreamBackupEvent[] = [];
        // Acknowledgements of some megabytes pass, then none.
        const stalled = proxy.stallAfter("toClient", 3 * mebibyte).then(() => {
          proxy.stall("toServer");
          proxy.resume("toClient");
        });
        const result = await backupStream(session, {
          stream,
          directory: story.path("late-acks"),
          tool,
          onEvent: (event) => {
            events.push(event);
            if (event.kind === "retry") proxy.resume();
          },
        });
        await stalled;
        heard.stop();
        const retries = events.filter((event) => event.kind === "retry");
        assert.equal(retries.length, 1);
        assert.match(retries[0]?.reason ?? "", /408/);
        assert.equal(result.manifest.attempts, 2);
        assert.equal(result.manifest.content.messages, messages);
        const [first, second] = heard.requests;
        assert.equal(heard.requests.length, 2);
        assert.ok(first && second);
        // A link that seems far away on a busy machine starts with the server's own window.
        if (version === "2.15") assert.ok((second.window_size ?? Infinity) < (first.window_size ?? 8 * mebibyte));
        // Before 2.12.5 a server does not know the field, and strict ones refuse it.
        else assert.equal(second.window_size, undefined);
        assert.ok(second.chunk_size <= first.chunk_size);
      });
    }

    it("F01: a silence that the server bears is waited out, in one attempt", async () => {
      const { proxy, session } = await story.through();
      const stalled = proxy.stallAfter("toClient", 3 * mebibyte);
      const backup = backupStream(session, { stream: "SILENT", directory: story.path("silence"), tool });
      await stalled;
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      proxy.resume();
      const { manifest } = await backup;
      assert.equal(manifest.attempts, 1);
      assert.equal(manifest.content.messages, messages);
    });

    it("F01: a link that has gone silent ends with SNAPSHOT_STALLED, and nothing is left behind", async () => {
      const { proxy, session } = await story.through({}, "2s");
      proxy.stallAfter("toClient", 3 * mebibyte);
      const directory = story.path("silent-for-good");
      const options = { stream: "GONE", directory, tool, idleTimeoutMs: 1_000, attempts: 1 };
      await assert.rejects(backupStream(session, options), (error) => isRelightError(error, "SNAPSHOT_STALLED"));
      assert.deepEqual(
        readdirSync(story.directory).filter((name) => name.includes("silent-for-good")),
        [],
      );
    });

    it("F01: a slow link only takes longer", async () => {
      const { session } = await story.through({ bytesPerSecond: 8 * mebibyte, delayMs: 20 });
      const { manifest } = await backupStream(session, { stream: "SLOW", directory: story.path("slow"), tool });
      assert.equal(manifest.attempts, 1);
      assert.equal(manifest.content.messages, messages);
      assert.ok(manifest.times.seconds > 2, "the link was as slow as it was meant to be");
    });
  });
}
