import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fillStream } from "../../testing/fill.ts";
import { type RelightRun, runRelight } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream } from "../../testing/stream-setup.ts";

const keys = 100_000;

/** For one command on two shared cores; each takes a second or two. A round trip for each key takes far longer. */
const boundSeconds = 20;

/**
 * Messages that a server may get meanwhile: requests, acknowledgements of a snapshot's pieces, pieces of a restore. A round
 * trip for every 300th key would pass that.
 */
const messageBound = 300;

for (const version of ["2.10", "2.15"]) {
  describe(`F55: a bucket of ${keys} keys on nats-server ${version}`, { concurrency: 1 }, () => {
    let story: StoryServer;

    before(async () => {
      story = await StoryServer.start(version, { monitor: true });
      await createStream(story.nc, { name: "KV_large", subjects: ["$KV.large.>"], max_msgs_per_subject: 1 });
      const subjects = Array.from({ length: keys }, (_, row) => `$KV.large.group.${row % 100}.key${row}`);
      await fillStream(story.nc, "KV_large", { messages: keys, size: 64, kind: "random", subjects });
    });
    after(() => story[Symbol.asyncDispose]());

    /** Messages that the server has got from clients. (Its count of API requests leaves out those for single messages.) */
    async function received(): Promise<number> {
      const page = await (await fetch(`${story.server.monitorUrl}/varz`)).json();
      return (page as { readonly in_msgs: number }).in_msgs;
    }

    /** Runs a command, and holds its time and what it asked of the server against the bounds. */
    async function bounded(...args: readonly string[]): Promise<RelightRun> {
      const before = await received();
      const began = performance.now();
      const run = await runRelight(story.directory, args);
      const seconds = (performance.now() - began) / 1000;
      const messages = (await received()) - before;
      assert.equal(run.code, 0, run.stderr);
      assert.ok(seconds < boundSeconds, `${args.join(" ")}: ${seconds} s`);
      assert.ok(messages < messageBound, `${args.join(" ")}: ${messages} messages`);
      return run;
    }

    it("the counters count: a get of each of 400 keys would pass the bound", async () => {
      const before = await received();
      for (let key = 0; key < 400; key++) {
        await story.session.api.connection.request("$JS.API.STREAM.MSG.GET.KV_large", JSON.stringify({ seq: key + 1 }));
      }
      assert.ok((await received()) - before > messageBound);
    });

    it("backup, ls, cat of one key, verify and restore make no round trip for each key", async () => {
      const server = ["--server", story.server.url];
      const path = story.path("large");
      await bounded("stream", "backup", "KV_large", path, ...server);
      const listed = (await bounded("archive", "ls", path, "--json")).stdout.trim().split("\n");
      assert.equal(listed.length, keys);
      const { key, revision } = JSON.parse(listed[4_711] as string) as {
        readonly key: string;
        readonly revision: number;
      };
      assert.equal(key.startsWith("group."), true);
      const request = JSON.stringify({ last_by_subj: `$KV.large.${key}` });
      const live = await story.session.api.connection.request("$JS.API.STREAM.MSG.GET.KV_large", request);
      const { message } = live.json<{ readonly message: { readonly seq: number } }>();
      assert.equal(message.seq, revision);
      const value = await bounded("archive", "cat", path, String(revision), "--json");
      assert.equal(JSON.parse(value.stdout).subject, `$KV.large.${key}`);
      await bounded("archive", "verify", path);
      await story.session.api.deleteStream("KV_large");
      await bounded("stream", "restore", path, ...server);
      const { state } = await story.session.api.streamInfo("KV_large");
      assert.deepEqual([state.messages, state.num_subjects], [keys, keys]);
    });
  });
}
