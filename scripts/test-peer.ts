// npm run test:peer: what `nats backup validate`, `info` and `edit` accept and report of archives agrees with Relight, and
// archives that Relight writes pass them. Takes the nats CLI from $NATS_CLI, PATH or the project's cache, or builds it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isoTime } from "../src/formats/directory/archive-facts.ts";
import { type EditOptions, editArchive } from "../src/operations/archive-edit/edit-archive.ts";
import { verifyArchive } from "../src/operations/archive-read/verify-archive.ts";
import { readBackup } from "../src/operations/stream-restore/read-backup.ts";
import { archiveFixture, archiveFixtures } from "../src/testing/fixtures.ts";
import { NatsCli } from "../src/testing/nats-cli.ts";
import { readMessages } from "../src/testing/read-messages.ts";
import { writeBackup } from "../src/testing/write-backup.ts";

const home = await mkdtemp(join(tmpdir(), "relight-peer-"));
after(() => rm(home, { recursive: true, force: true }));
const cli = await NatsCli.find(home, (text) => console.error(text));
console.error(`nats CLI ${cli.version}: ${cli.path}`);

const backup = (...args: readonly string[]): Promise<string> => cli.run("nats://127.0.0.1:1", "backup", ...args);
const validates = (directory: string): Promise<boolean> =>
  backup("validate", directory, "--no-progress").then(
    () => true,
    () => false,
  );
const stored = async (directory: string) => {
  const [one] = await readBackup(directory);
  assert.ok(one);
  return one;
};
const messagesIn = async (directory: string) => readMessages(await readFile(join(directory, "stream.arc.s2")));

describe("archives that Relight makes of those of every server version, as v2", () => {
  for (const { version, stream, archive, facts } of archiveFixtures()) {
    it(`${version} ${stream}: nats validates it, and says the same of it`, async () => {
      const from = join(home, `${version}-${stream}`);
      const format = version.startsWith("2.15") ? "v2" : "v1";
      writeBackup(from, archive, { format, config: facts.config });
      const directory = `${from}-v2`;
      await editArchive(await stored(from), { spec: {}, format: "v2", target: directory, tool: "relight test" });
      assert.ok(await validates(directory));
      const info = JSON.parse(await backup("info", directory, "--json", "--no-progress")) as Record<string, unknown>;
      const messages = await messagesIn(directory);
      assert.deepEqual(
        [info.messages, info.first_seq, info.last_seq, info.num_subjects],
        [
          messages.length,
          messages[0]?.sequence ?? 0,
          messages.at(-1)?.sequence ?? 0,
          new Set(messages.map(({ subject }) => subject)).size,
        ],
      );
    });
  }
});

describe("a damaged v2 archive", () => {
  it("is refused by both, wherever it is cut or changed", async () => {
    const { archive, facts } = archiveFixture("2.15.1", "MIXED");
    for (let at = 0; at < archive.length; at += 17) {
      for (const kind of ["cut", "flipped"] as const) {
        const bytes = Uint8Array.from(kind === "cut" ? archive.subarray(0, at) : archive);
        if (kind === "flipped") bytes[at] = (bytes[at] as number) ^ 0x10;
        const directory = join(home, `${kind}-${at}`);
        writeBackup(directory, bytes, { format: "v2", config: facts.config });
        const { sound } = await verifyArchive(await stored(directory));
        // What they take and we refuse is damage that they do not see; the other way round there is none.
        if (sound) assert.ok(await validates(directory), `${kind} at ${at}: only nats refuses it`);
        else if (await validates(directory)) console.error(`${kind} at ${at}: only Relight refuses it`);
      }
    }
  });
});

describe("an edited v2 archive", () => {
  const directories = new Map<string, string>();
  for (const name of ["MIXED", "KV_BUCKET"]) {
    const { archive, facts } = archiveFixture("2.15.1", name);
    const from = join(home, `edited-${name}`);
    writeBackup(from, archive, { format: "v2", config: facts.config });
    directories.set(name, from);
  }
  const messages = readMessages(archiveFixture("2.15.1", "MIXED").archive);
  const subject = messages[5]?.subject as string;
  const moment = messages[20]?.time as bigint;
  const time = isoTime(moment) as string;
  const header = messages.flatMap(({ headers }) => /\r\n([^:]+):/.exec(headers)?.[1] ?? [])[0] as string;
  const keyFile = join(home, "keys.json");
  writeFileSync(keyFile, JSON.stringify({ version: 1, secret: Buffer.alloc(32, 7).toString("base64"), map: {} }));
  const cases: readonly (readonly [flags: readonly string[], wishes: Partial<EditOptions>, stream?: string])[] = [
    [["--subject", subject], { spec: { select: { subjects: [subject] } } }],
    [["--exclude-subject", "*.>"], { spec: { select: { excludeSubjects: ["*.>"] } } }],
    [["--first-seq", "15", "--last-seq", "40"], { spec: { select: { firstSequence: 15, lastSequence: 40 } } }],
    [["--after", time], { spec: { select: { after: moment } } }],
    [["--before", time], { spec: { select: { before: moment } } }],
    [["--header", header], { spec: { select: { headers: [{ name: header }] } } }],
    [["--exclude-header", header], { spec: { select: { excludeHeaders: [header] } } }],
    [["--last-per-subject", "2"], { spec: { newest: { count: 2 } } }],
    [["--renumber"], { spec: { renumber: true } }],
    [["--payload-match", "1"], { spec: { select: { payloads: [/1/] } } }],
    [["--exclude-payload-match", "1"], { spec: { select: { excludePayloads: [/1/] } } }],
    [["--kv-compact"], { spec: { newest: { count: 1, dropRemovedKeys: true } } }, "KV_BUCKET"],
    [["--obfuscate", "--obfuscation-key", keyFile], { obfuscate: { keyFile } }],
    [["--obfuscate", "--obfuscation-key", keyFile], { obfuscate: { keyFile } }, "KV_BUCKET"],
  ];
  for (const [number, [flags, wishes, stream = "MIXED"]] of cases.entries()) {
    it(`${stream}: holds the same messages and last sequence with ${flags.filter((flag) => flag !== keyFile).join(" ")}`, async () => {
      const from = directories.get(stream) as string;
      const [ours, theirs] = [join(home, `ours-${number}`), join(home, `theirs-${number}`)];
      await editArchive(await stored(from), { spec: {}, target: ours, tool: "relight test", ...wishes });
      await backup("edit", from, theirs, ...flags, "--no-progress");
      assert.deepEqual(await messagesIn(ours), await messagesIn(theirs));
      const lastOf = async (path: string): Promise<number> =>
        JSON.parse(await readFile(join(path, "backup.json"), "utf8")).state.last_seq;
      // Cut at a sequence, ours is the stream as it was then, and goes on there; that of the CLI goes on behind what was cut.
      const cut = wishes.spec?.select?.lastSequence;
      assert.equal(await lastOf(ours), cut ?? (await lastOf(theirs)));
      assert.ok(await validates(ours));
    });
  }
});
