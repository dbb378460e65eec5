// Makes the archives in src/formats/testdata/ from real servers. By hand, when a new server version matters:
//
//   node scripts/make-archive-fixtures.ts <path to nats-server> ...
//
// One server after the other runs on loopback with its data in a temporary directory; the streams are made, asked about
// message by message, and then snapshotted. <version>/expected.json says what the server itself answered.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { snapshotStream } from "../src/jetstream/snapshot.ts";
import { type FixtureStream, fixtureStreams } from "../src/testing/archive-fixtures.ts";
import { jsRequest } from "../src/testing/js-request.ts";

const target = join(dirname(dirname(fileURLToPath(import.meta.url))), "src", "formats", "testdata");

interface Info {
  readonly created: string;
  readonly config: unknown;
  readonly state: { readonly messages: number; readonly first_seq: number; readonly last_seq: number };
}

for (const binary of process.argv.slice(2)) {
  const version = /v([0-9.]+)/.exec(execFileSync(binary, ["--version"], { encoding: "utf8" }))?.[1];
  if (version === undefined) throw new Error(`${binary} tells no version`);
  for (const variant of ["plain", "encrypted", "compressed"] as const) {
    const streams = fixtureStreams.filter((stream) => stream.applies(version) && stream.variant === variant);
    if (streams.length > 0) await onServer(binary, version, variant, streams);
  }
}

async function onServer(binary: string, version: string, variant: string, streams: FixtureStream[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "relight-fixtures-"));
  const store = join(directory, "js");
  const encryption = variant === "encrypted" ? 'key: "a test key", cipher: "aes",' : "";
  const config = `listen: "127.0.0.1:-1"\nports_file_dir: "${directory}"\njetstream { ${encryption} store_dir: "${store}" }\n`;
  writeFileSync(join(directory, "nats.conf"), config);
  const server = spawn(binary, ["-c", join(directory, "nats.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const nc = await connect({ servers: await address(server) });
    const expected: Record<string, unknown> = {};
    mkdirSync(join(target, version), { recursive: true });
    for (const stream of streams) {
      await stream.create(nc, version);
      expected[stream.name] = await observe(nc, stream.name);
      const snapshot = await snapshotStream(nc, stream.name);
      const chunks: Uint8Array[] = [];
      for await (const chunk of snapshot.chunks) chunks.push(chunk);
      writeFileSync(join(target, version, `${stream.name}.s2`), Buffer.concat(chunks));
    }
    writeFileSync(join(target, version, `expected-${variant}.json`), `${JSON.stringify(expected, undefined, 1)}\n`);
    await nc.close();
  } finally {
    const exited = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await exited;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What the server says: its state, which sequences it can give, and where the consumers stand. */
async function observe(nc: NatsConnection, name: string): Promise<unknown> {
  const info = await jsRequest<Info>(nc, `STREAM.INFO.${name}`);
  const live: [first: number, last: number][] = [];
  let firstTime: string | undefined;
  let lastTime: string | undefined;
  for (let seq = Math.max(1, info.state.first_seq); seq <= info.state.last_seq; seq++) {
    const time = await timeOf(nc, name, seq);
    if (time === undefined) continue;
    firstTime ??= time;
    lastTime = time;
    const run = live.at(-1);
    if (run && run[1] === seq - 1) run[1] = seq;
    else live.push([seq, seq]);
  }
  const { consumers } = await jsRequest<{ consumers: { name: string }[] }>(nc, `CONSUMER.LIST.${name}`);
  const standing = consumers.map((one) => {
    const { name, created, config, delivered, ack_floor, num_ack_pending, num_redelivered } = one as Record<
      string,
      unknown
    >;
    return { name, created, config, delivered, ack_floor, num_ack_pending, num_redelivered };
  });
  return {
    created: info.created,
    config: info.config,
    state: info.state,
    live,
    firstTime,
    lastTime,
    consumers: standing,
  };
}

async function timeOf(nc: NatsConnection, name: string, seq: number): Promise<string | undefined> {
  try {
    return (await jsRequest<{ message: { time: string } }>(nc, `STREAM.MSG.GET.${name}`, { seq })).message.time;
  } catch (error) {
    if (/no message found|not found/i.test(String(error))) return undefined;
    throw error;
  }
}

/** Waits until the server listens, which its log says. */
function address(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = "";
    server.once("exit", () => reject(new Error(log)));
    server.stderr?.on("data", (piece: Buffer) => {
      log += piece;
      const port = /Listening for client connections on 127\.0\.0\.1:([0-9]+)/.exec(log)?.[1];
      if (port && /Server is ready/.test(log)) resolve(`127.0.0.1:${port}`);
    });
  });
}
