// npm run bench: wall time and peak memory of backup and restore, side by side with the `nats` CLI on the same server where
// that is installed ($NATS_CLI or PATH). Options: --versions 2.10,2.15  --loads json,random  --rounds 3  --delay (adds the
// runs across 50 ms)  --messages N (of the JSON load).
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "@nats-io/transport-node";
import { JetStreamApi } from "../src/jetstream/jetstream-api.ts";
import { LocalServer } from "../src/local/local-server.ts";
import { fillStream } from "../src/testing/fill.ts";
import { TcpProxy } from "../src/testing/tcp-proxy.ts";
import { limitSeconds, type Measured, measure, onPath, report } from "./measure-command.ts";

const { values } = parseArgs({
  options: {
    versions: { type: "string", default: "2.10,2.14,2.15" },
    loads: { type: "string", default: "json,random" },
    rounds: { type: "string", default: "3" },
    messages: { type: "string", default: "1000000" },
    delay: { type: "boolean", default: false },
    "only-delay": { type: "boolean", default: false },
  },
});

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const relight = [process.execPath, join(root, "bin", "relight.js")];
const natsCli = process.env.NATS_CLI ?? onPath("nats");

async function benchOne(version: string, load: string): Promise<void> {
  await using server = await LocalServer.start({ version });
  const scratch = await mkdtemp(join(tmpdir(), "relight-bench-"));
  const connection = await connect({ servers: server.url });
  const api = new JetStreamApi(connection, { timeoutMs: 60_000 });
  try {
    await api.createStream({ name: "BENCH", subjects: ["bench.>"], storage: "file" });
    const size = load === "json" ? 500 : 64 * 1024;
    const messages = load === "json" ? Number(values.messages) : 8_000;
    const subjects = Array.from({ length: 20 }, (_, index) => `bench.${index}`);
    await fillStream(connection, "BENCH", { messages, size, kind: load === "json" ? "json" : "random", subjects });
    const expected = (await api.streamInfo("BENCH")).state.messages;
    const run = async (command: readonly string[]): Promise<Measured> => {
      const measured = await measure(command);
      if (measured.code !== 0 && measured.seconds < limitSeconds)
        throw new Error(`${command.join(" ")}: ${measured.said}`);
      return measured;
    };
    const ours = [...relight, "stream"];
    const theirs = natsCli ? [natsCli] : undefined;
    const round = async (title: string, url: string, rounds: number): Promise<void> => {
      const backups: [Measured[], Measured[]] = [[], []];
      const restores: [Measured[], Measured[]] = [[], []];
      const dirs: string[] = [];
      for (let index = 0; index < rounds; index++) {
        const own = join(scratch, `relight-${title}-${index}`);
        const peer = join(scratch, `nats-${title}-${index}`);
        dirs.push(own, peer);
        backups[0].push(await run([...ours, "backup", "BENCH", own, "-s", url, "--no-progress"]));
        if (theirs)
          backups[1].push(await run([...theirs, "-s", url, "backup", "stream", "BENCH", peer, "--no-progress"]));
        await api.deleteStream("BENCH");
        restores[0].push(await run([...ours, "restore", own, "-s", url, "--no-progress"]));
        await check(api, expected);
        if (theirs) {
          await api.deleteStream("BENCH");
          const timed = await run([...theirs, "-s", url, "backup", "restore", "stream", peer, "--no-progress"]);
          restores[1].push(timed);
          if (timed.code === 0) await check(api, expected);
          else await run([...ours, "restore", own, "-s", server.url, "--if-exists", "skip"]);
        }
      }
      report(`${server.version} ${load} backup${title}`, ...backups);
      report(`${server.version} ${load} restore${title}`, ...restores);
      if (load === "json" && rounds > 1 && dirs[1] && theirs) await withoutManifest(dirs[1], url, title);
      for (const directory of dirs) await rm(directory, { recursive: true, force: true });
    };
    /** A backup of the nats CLI has no manifest, so that its archive is decoded before it is sent. */
    const withoutManifest = async (peer: string, url: string, title: string): Promise<void> => {
      await api.deleteStream("BENCH");
      report(
        `${server.version} ${load} restore of nats' own${title}`,
        [await run([...ours, "restore", peer, "-s", url])],
        [],
      );
    };
    if (!values["only-delay"]) await round("", server.url, Number(values.rounds));
    if (values.delay || values["only-delay"]) {
      const proxy = await TcpProxy.start({ targetPort: server.port, delayMs: 25 });
      try {
        await round(" across 50 ms", `nats://127.0.0.1:${proxy.port}`, 1);
      } finally {
        await proxy.stop();
      }
    }
  } finally {
    await connection.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function check(api: JetStreamApi, expected: number): Promise<void> {
  const { messages } = (await api.streamInfo("BENCH")).state;
  if (messages !== expected) throw new Error(`${messages} messages after the restore, ${expected} before`);
}

console.log(`nats CLI: ${natsCli ? "found" : "not found; set NATS_CLI or put it on PATH to compare"}`);
for (const version of values.versions.split(",")) {
  for (const load of values.loads.split(",")) await benchOne(version, load);
}
