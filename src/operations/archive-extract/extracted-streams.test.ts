import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseServerVersion } from "../../jetstream/server-version.ts";
import type { BackedUpAccount, BackedUpStream } from "../../testing/matrix/backed-up-account.ts";
import { Machine, takeAway } from "../../testing/matrix/machine.ts";
import { differencesOf } from "../../testing/matrix/restored-account.ts";
import { versionAtLeast } from "../../testing/stream-info.ts";
import { streamKinds } from "../../testing/stream-kinds.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type ExtractOptions, type ExtractReport, extractArchive } from "./extract-archive.ts";

/** Only 2.15 hands out streams in memory. */
const kindsOf = (source: string): string[] =>
  streamKinds.map(({ name }) => name).filter((name) => name !== "memory" || source === "2.15");

const long = process.env.RELIGHT_LONG === "1";
const all = ["2.9", "2.10", "2.14", "2.15"];
/** From where to where. */
const pairs: Readonly<Record<string, readonly string[]>> = long
  ? { "2.9": all, "2.10": all, "2.14": all, "2.15": all }
  : { "2.9": ["2.10"], "2.14": ["2.15"], "2.15": ["2.9", "2.14"] };

/** A stopped machine with an empty store. */
async function stopped(version: string): Promise<Machine> {
  const machine = await Machine.start({ version });
  await machine.nc.close();
  await machine.server.terminate("SIGTERM");
  return machine;
}

async function extract(directory: string, options: ExtractOptions): Promise<ExtractReport> {
  const [stored] = await readBackup(directory);
  assert.ok(stored);
  return extractArchive(stored, options);
}

/** The stream as it must be: in what it may differ from the backup, the report says so. */
function asExtracted(stream: BackedUpStream, report: ExtractReport): BackedUpStream {
  const { info } = stream.before;
  const config = { ...info.config };
  if (report.changes.some((change) => change.startsWith("storage is file"))) config.storage = "file";
  if (report.changes.some((change) => change.startsWith("first_seq"))) delete config.first_seq;
  return { ...stream, before: { ...stream.before, info: { ...info, config } } };
}

for (const [source, targets] of Object.entries(pairs)) {
  describe(`streams of every kind, backed up from nats-server ${source}`, () => {
    let directory: string;
    let account: BackedUpAccount;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "relight-extract-"));
      await using machine = await Machine.start({ version: source });
      account = await takeAway(machine, join(directory, "all"), kindsOf(source));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    for (const target of targets) {
      it(`are what they were once a nats-server ${target} is started on the store that they were extracted into`, async () => {
        await using machine = await stopped(target);
        const { server } = machine;
        const version = parseServerVersion(server.version);
        assert.ok(version);
        const expected: BackedUpStream[] = [];
        for (const stream of account.streams) {
          const options = { storeDirectory: server.storeDirectory, version };
          if (stream.name === "SOURCED" && versionAtLeast(account.version, "2.10.0") && target === "2.9") {
            // Its second source transforms subjects, which 2.9 would ignore: it would copy everything.
            await assert.rejects(extract(stream.directory, options), /does not know sources\.subject_transforms/);
            continue;
          }
          const report = await extract(stream.directory, options);
          assert.equal(report.messages, stream.before.messages.length, stream.name);
          expected.push(asExtracted(stream, report));
        }
        await machine.kill();
        const pair = { from: account.version, to: server.version };
        assert.equal(await differencesOf(machine.nc, expected, pair), "");
        await machine.kill();
        assert.equal(await differencesOf(machine.nc, expected, pair), "", "after a kill -9");
      });
    }
  });
}
