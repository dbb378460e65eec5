// npm run demo: the main job from nothing to proof, on a nats-server of its own. It backs up a stream through the command
// line, deletes it, restores it, and compares every message and every consumer. Exit code 1 if anything differs.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { findServer } from "../src/local/find-server.ts";
import { LocalServer } from "../src/local/local-server.ts";
import { compareStreams } from "../src/testing/compare-streams.ts";
import { describeDifferences } from "../src/testing/difference.ts";
import { fillStream } from "../src/testing/fill.ts";
import { jsRequest } from "../src/testing/js-request.ts";
import { readStream } from "../src/testing/read-stream.ts";
import type { StreamFacts } from "../src/testing/stream-info.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text: string): void => console.log(text);
const step = (text: string): void => console.log(`\n${styleText("bold", text)}`);

const resources = new AsyncDisposableStack();
let cleaned: Promise<void> | undefined;
const cleanUp = (): Promise<void> => {
  cleaned ??= resources.disposeAsync();
  return cleaned;
};
// Ctrl-C reaches the command that runs as well, which cleans up after itself.
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    console.error("\nstopping, and cleaning up");
    void cleanUp().finally(() => process.exit(code));
  });
}

const began = performance.now();
const build = spawnSync(
  process.execPath,
  ["--disable-warning=ExperimentalWarning", join(root, "scripts", "build.ts")],
  {
    stdio: "inherit",
  },
);
if (build.status !== 0) process.exit(1);

const scratch = await mkdtemp(join(tmpdir(), "relight-demo-"));
resources.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 3 }));
let server: LocalServer;
try {
  const found = await findServer({ onStep: say });
  say(`nats-server ${found.version}, from ${found.from}: ${found.path}`);
  server = resources.use(await LocalServer.start({ binary: found.path, version: found.version }));
} catch (error) {
  console.error((error as Error).message);
  await cleanUp();
  process.exit(1);
}

/** Nothing of the user's own settings: this server, no contexts, no credentials. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NATS_")));
Object.assign(environment, { NATS_URL: server.url, XDG_CONFIG_HOME: scratch });

/** Runs the command line on this terminal, as a person would. */
async function relight(...args: string[]): Promise<void> {
  say(styleText("dim", `$ relight ${args.join(" ")}`));
  const child = spawn(process.execPath, [join(root, "bin", "relight.js"), ...args], {
    stdio: "inherit",
    cwd: scratch,
    env: environment,
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`relight ended with exit code ${code}`);
}

try {
  const nc = await connect({ servers: server.url });
  resources.defer(() => nc.close());
  step("An ORDERS stream with 100,000 messages and three consumers");
  await jsRequest(nc, "STREAM.CREATE.ORDERS", {
    name: "ORDERS",
    subjects: ["orders.>"],
    storage: "file",
    allow_direct: true,
  });
  const subjects = ["orders.new", "orders.paid", "orders.shipped"];
  await fillStream(nc, "ORDERS", { messages: 99_000, size: 600, kind: "json", subjects });
  for (let index = 0; index < 1_000; index++) {
    const withHeaders = headers();
    withHeaders.append("Order-Source", index % 2 ? "web" : "shop");
    nc.publish("orders.returned", `return ${index}`, { headers: withHeaders });
  }
  await nc.flush();
  // A flush waits for the server, not for the stream.
  await awaitLastSequence(nc, 100_000);
  for (const seq of [10, 11, 500, 77_777]) await jsRequest(nc, "STREAM.MSG.DELETE.ORDERS", { seq });
  const consumer = (name: string, more: object = {}): Promise<unknown> =>
    jsRequest(nc, `CONSUMER.DURABLE.CREATE.ORDERS.${name}`, {
      stream_name: "ORDERS",
      config: {
        durable_name: name,
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait: 3_600_000_000_000,
        ...more,
      },
    });
  await consumer("billing");
  await consumer("returns", { filter_subject: "orders.returned" });
  await consumer("archive");
  await work(nc, "billing", 200, (delivery) => delivery % 3 !== 0);
  await work(nc, "returns", 1_000, () => true);
  const before = await readStream(nc, "ORDERS");
  const unacknowledged = before.consumers.find((info) => info.name === "billing")?.num_ack_pending;
  if (before.messages.length !== 99_996 || unacknowledged !== 66) {
    throw new Error(
      `the stream is not as it was meant: ${before.messages.length} messages, ${unacknowledged} unacknowledged`,
    );
  }
  say("1,000 of them with headers; 4 deleted, so that sequences have gaps");
  say(
    '"billing" has 200 delivered and 66 of them unacknowledged; "returns" has a filter and all acknowledged; "archive" waits',
  );

  step("Back it up");
  await relight("stream", "backup", "ORDERS", "./orders");

  step("Lose it");
  await jsRequest(nc, "STREAM.DELETE.ORDERS");
  say("the stream is deleted");

  step("Restore it");
  await relight("stream", "restore", "./orders");

  step("Compare every message and every consumer");
  const after = await readStream(nc, "ORDERS");
  const differences = compareStreams(before, after);
  if (differences.length > 0) throw new Error(`what came back differs:\n${describeDifferences(differences)}`);
  say(
    `${after.messages.length.toLocaleString("en")} messages: sequence, time, subject, headers and payload are the same`,
  );
  say(`${after.consumers.length} consumers: configuration, position and unacknowledged messages are the same`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(styleText("bold", `\nNothing was lost. (${seconds} s)`));
} catch (error) {
  // What a Ctrl-C broke off did not fail.
  if (cleaned === undefined) console.error(`\ndemo failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
// A signal's own exit code comes from its handler, which waits for the same.
if (cleaned === undefined) {
  await cleanUp();
  process.exit();
}

/** Resolves when the stream has stored this sequence. */
async function awaitLastSequence(nc: NatsConnection, sequence: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { state } = await jsRequest<StreamFacts>(nc, "STREAM.INFO.ORDERS");
    if (state.last_seq === sequence) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the stream did not store ${sequence} messages`);
}

/** Takes messages for a consumer, and acknowledges those that `acks` says. */
async function work(
  nc: NatsConnection,
  name: string,
  count: number,
  acks: (delivery: number) => boolean,
): Promise<void> {
  const inbox = `demo.${name}.${Date.now()}`;
  let seen = 0;
  const all = new Promise<void>((resolve) => {
    nc.subscribe(inbox, {
      max: count,
      callback: (_, message) => {
        if (acks(++seen)) message.respond();
        if (seen === count) resolve();
      },
    });
  });
  nc.publish(`$JS.API.CONSUMER.MSG.NEXT.ORDERS.${name}`, JSON.stringify({ batch: count, expires: 20_000_000_000 }), {
    reply: inbox,
  });
  await all;
  await nc.flush();
  await new Promise((resolve) => setTimeout(resolve, 300));
}
