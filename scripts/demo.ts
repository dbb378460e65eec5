// npm run demo: the main job from nothing to proof, on a nats-server of its own. It backs up a stream through the command
// line, deletes it, restores it, and compares every message and every consumer. Exit code 1 if anything differs.
import { spawn, spawnSync } from "node:child_process";
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

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text: string): void => console.log(text);
const step = (text: string): void => console.log(`\n${styleText("bold", text)}`);

if (
  spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, "scripts", "build.ts")], {
    stdio: "inherit",
  }).status !== 0
) {
  process.exit(1);
}

const found = await findServer({ onStep: say });
say(`nats-server ${found.version}, from ${found.from}`);
const server = await LocalServer.start({ binary: found.path, version: found.version });
const scratch = await mkdtemp(join(tmpdir(), "relight-demo-"));
let connection: NatsConnection | undefined;
let cleaned: Promise<void> | undefined;
const cleanUp = (): Promise<void> => {
  cleaned ??= (async () => {
    await connection?.close();
    await server.stop();
    await rm(scratch, { recursive: true, force: true });
  })();
  return cleaned;
};
process.on("SIGINT", () => void cleanUp().then(() => process.exit(130)));

/** Runs the command line on this terminal, as a person would. */
function relight(...args: string[]): Promise<void> {
  say(`$ relight ${args.join(" ")}`);
  const child = spawn(
    process.execPath,
    [join(root, "bin", "relight.js"), ...args, "--server", server.url, "--no-context"],
    {
      stdio: "inherit",
    },
  );
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`relight ended with exit code ${code}`))));
  });
}

try {
  const nc = await connect({ servers: server.url });
  connection = nc;
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
  say(
    `${before.messages.length.toLocaleString("en")} messages; "billing" has ${before.consumers.find((c) => c.name === "billing")?.num_ack_pending ?? ""} unacknowledged`,
  );

  step("Back it up");
  await relight("stream", "backup", "ORDERS", join(scratch, "orders"));

  step("Lose it");
  await jsRequest(nc, "STREAM.DELETE.ORDERS");
  say("the stream is deleted");

  step("Restore it");
  await relight("stream", "restore", join(scratch, "orders"));

  step("Compare every message and every consumer");
  const after = await readStream(nc, "ORDERS");
  const differences = compareStreams(before, after);
  if (differences.length > 0) throw new Error(`what came back differs:\n${describeDifferences(differences)}`);
  say(
    `${after.messages.length.toLocaleString("en")} messages: sequence, time, subject, headers and payload are the same`,
  );
  say(`${after.consumers.length} consumers: configuration, position and unacknowledged messages are the same`);
  say("\nNothing was lost.");
} catch (error) {
  console.error(`\ndemo failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
process.exit();

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
