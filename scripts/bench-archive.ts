// npm run bench:archive: verify, edit and convert of archives, side by side with the `nats` CLI where that is installed
// ($NATS_CLI or PATH). Options: --messages N (of the large archive)  --rounds 5.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "@nats-io/transport-node";
import { JetStreamApi } from "../src/jetstream/jetstream-api.ts";
import { LocalServer } from "../src/local/local-server.ts";
import { fillStream } from "../src/testing/fill.ts";
import { type Measured, measure, onPath, report } from "./measure-command.ts";

const { values } = parseArgs({
  options: { messages: { type: "string", default: "1000000" }, rounds: { type: "string", default: "5" } },
});
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const relight = [process.execPath, join(root, "bin", "relight.js")];
const nats = process.env.NATS_CLI ?? onPath("nats");
const scratch = await mkdtemp(join(tmpdir(), "relight-bench-"));
const at = (name: string): string => join(scratch, name);

async function run(...command: readonly string[]): Promise<Measured> {
  const measured = await measure(command);
  if (measured.code !== 0) throw new Error(`${command.join(" ")}: ${measured.said}`);
  return measured;
}

/** Backs up a stream of JSON records of 0.5 KB, of a server of this version. */
async function make(version: string, name: string, messages: number): Promise<string> {
  await using server = await LocalServer.start({ version });
  const connection = await connect({ servers: server.url });
  try {
    await new JetStreamApi(connection, { timeoutMs: 60_000 }).createStream({
      name: "BENCH",
      subjects: ["bench.>"],
      storage: "file",
    });
    const subjects = Array.from({ length: 20 }, (_, index) => `bench.${index}`);
    await fillStream(connection, "BENCH", { messages, size: 500, kind: "json", subjects });
    await run(...relight, "stream", "backup", "BENCH", at(name), "-s", server.url, "--no-progress");
    // As a directory of the CLI: nothing is known of it beforehand.
    await rm(join(at(name), "relight.json"));
    return at(name);
  } finally {
    await connection.close();
  }
}

/** Runs both in turns. */
async function compare(title: string, ours: readonly string[], theirs?: readonly string[]): Promise<void> {
  const results: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const made of ["ours", "theirs", "ours.keys.json", "theirs.keys.json"])
      await rm(at(made), { recursive: true, force: true });
    results[0].push(await run(...relight, "archive", ...ours));
    if (nats && theirs) results[1].push(await run(nats, "backup", ...theirs, "--no-progress"));
  }
  report(title, ...results);
}

try {
  const messages = Number(values.messages);
  const large = await make("2.15", "large", messages);
  const older = await make("2.10", "older", messages);
  const small = await make("2.15", "small", 400_000);
  await compare("verify v2", ["verify", large], ["validate", large]);
  await compare("verify v1", ["verify", older]);
  await compare("convert v2 to v1", ["convert", large, at("ours"), "--to", "v1"]);
  await compare("convert v1 to v2", ["convert", older, at("ours"), "--to", "v2"]);
  for (const flags of [["--subject", "bench.1"], ["--last-per-subject", "1"], ["--obfuscate"]]) {
    await compare(
      `edit 400,000 ${flags.join(" ")}`,
      ["edit", small, at("ours"), ...flags],
      ["edit", small, at("theirs"), ...flags],
    );
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
