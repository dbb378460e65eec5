import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { archiveFixture } from "../testing/fixtures.ts";
import { readMessages } from "../testing/read-messages.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { writeBackup } from "../testing/write-backup.ts";

const schemas = new ShippedSchemas();

describe("relight archive of what is no backup's directory", () => {
  let home: string;
  const at = (...parts: string[]): string => join(home, ...parts);
  const run = (...args: string[]): Promise<RelightRun> => runRelight(home, ["archive", ...args]);
  const lines = ({ stdout }: RelightRun): Record<string, unknown>[] =>
    stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const contents = new Map<string, ReturnType<typeof readMessages>>();

  before(() => {
    home = mkdtempSync(join(tmpdir(), "relight-files-"));
    for (const [name, version, stream, format] of [
      ["v1", "2.10.26", "MIXED", "v1"],
      ["v2", "2.15.1", "MIXED", "v2"],
      ["kv", "2.14.6", "KV_BUCKET", "v1"],
    ] as const) {
      const { archive, facts } = archiveFixture(version, stream);
      contents.set(name, readMessages(archive));
      writeBackup(at(name), archive, { format, config: facts.config });
      writeFileSync(at(`${name}.s2`), archive);
    }
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  it("BD-26: an archive that lies by itself is verified, looked into and written anew: a v1 archive says itself of which stream it is", async () => {
    for (const name of ["v1", "v2"]) {
      const file = at(`${name}.s2`);
      const sound = await run("verify", file);
      assert.equal(sound.code, 0, sound.stderr);
      assert.match(sound.stdout, new RegExp(`^✓ ${name === "v1" ? "MIXED" : file}: \\d+ messages`));
      const info = lines(await run("info", file, "--json"))[0];
      assert.equal(info?.messages, contents.get(name)?.length);
      const exported = lines(await run("export", file));
      assert.deepEqual(
        exported.map(({ seq }) => seq),
        contents.get(name)?.map(({ sequence }) => sequence),
      );
      const first = String(exported[0]?.seq);
      assert.equal((await run("cat", file, first)).stdout, (await run("cat", at(name), first)).stdout);
    }
    const made = await run("convert", at("v1.s2"), at("made"), "--to", "v2", "--rename", "OTHER");
    assert.equal(made.code, 0, made.stderr);
    assert.deepEqual(readMessages(readFileSync(at("made", "stream.arc.s2"))), contents.get("v1"));
    const config = JSON.parse(readFileSync(at("made", "backup.json"), "utf8")).config as { name: string };
    assert.equal(config.name, "OTHER");
  });

  it("a v2 archive by itself does not say of which stream it is: nothing is made of it, and the hint says what is missing", async () => {
    for (const args of [
      ["convert", at("v2.s2"), at("never"), "--to", "v1"],
      ["extract", at("v2.s2"), home],
    ]) {
      const refused = await run(...args);
      assert.equal(refused.code, 13, args.join(" "));
      assert.match(refused.stderr, /holds no configuration of a stream\n {3}hint: .*backup\.json beside it/);
    }
    assert.equal(existsSync(at("never")), false);
  });

  it("BD-26: the archive in a backup's directory is read with what lies beside it, and what is no archive is refused", async () => {
    const inside = await run("info", at("v2", "stream.arc.s2"));
    assert.match(inside.stdout, /^Backup of Stream MIXED\n/);
    const refused = await run("verify", at("v2", "backup.json"));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is neither an archive of a stream nor a \.tgz of one/);
  });

  it("of a bucket the keys are listed, as many as are asked for, from its archive and from a .tgz too", async () => {
    assert.equal((await run("convert", at("kv"), at("some.tgz"), "--to", "tgz")).code, 0);
    const keys = lines(await run("ls", at("kv"), "--json"));
    assert.ok(keys.length > 2);
    for (const key of keys) {
      schemas.check("archive-messages", key);
      assert.match(String(key.time), /^\d{4}-\d\d-\d\dT.*Z$/);
    }
    for (const path of [at("kv.s2"), at("some.tgz")]) {
      assert.deepEqual(lines(await run("ls", path, "--json")), keys);
      assert.deepEqual(lines(await run("ls", path, "--json", "--limit", "2")), keys.slice(0, 2));
    }
  });

  it("convert --dry-run says what it would make of one backup or of many, and writes nothing", async () => {
    const one = await run(
      "convert",
      at("v2"),
      at("never"),
      "--to",
      "dir-for-server",
      "2.9",
      "--until-seq",
      "20",
      "--dry-run",
    );
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /^Would keep \d+ of \d+ messages of stream "MIXED", sequences \d+ to \d+/);
    assert.match(one.stdout, /\nNothing was written\n$/);
    mkdirSync(at("all"));
    for (const name of ["v1", "kv"]) {
      mkdirSync(at("all", name));
      for (const file of readdirSync(at(name))) copyFileSync(at(name, file), at("all", name, file));
    }
    for (const to of ["v2", "tgz"]) {
      const all = await run("convert", at("all"), at("never"), "--to", to, "--dry-run");
      assert.equal(all.code, 0, all.stderr);
      assert.match(all.stdout, /2 of 2 streams would be converted\nNothing was written\n$/);
      const summary = lines(await run("convert", at("all"), at("never"), "--to", to, "--dry-run", "--json")).at(-1);
      schemas.check("archive-edit", summary);
    }
    assert.equal(existsSync(at("never")), false);
  });

  it("what was cut is told by its last message, and by the sequence that the stream goes on after", async () => {
    const messages = contents.get("v1") ?? [];
    const time = new Date(Number((messages[9]?.time ?? 0n) / 1_000_000n) + 1).toISOString();
    const kept = messages.filter((message) => message.time < BigInt(Date.parse(time)) * 1_000_000n);
    const cut = await run("edit", at("v1"), "--before", time, "--dry-run");
    const range = `sequences ${kept[0]?.sequence} to ${kept.at(-1)?.sequence}`;
    assert.ok(cut.stdout.includes(range), `${cut.stdout} has not ${range}`);
    assert.match(cut.stdout, /; the stream goes on after sequence \d+\n/);
  });

  it("extract puts every stream of an account's backup into a store, a line for each, and what cannot be extracted stops no other", async () => {
    mkdirSync(at("some"));
    for (const name of ["v1", "kv"]) {
      mkdirSync(at("some", name));
      for (const file of readdirSync(at(name))) copyFileSync(at(name, file), at("some", name, file));
    }
    mkdirSync(at("store"));
    const planned = await run("extract", at("some"), at("store"), "--dry-run");
    assert.match(planned.stdout, /2 of 2 streams would be extracted\nNothing was touched\.\n$/);
    assert.deepEqual(readdirSync(at("store")), []);
    assert.equal((await run("extract", at("some"), at("store"), "--name", "X")).code, 2);
    const first = await run("extract", at("some", "v1"), at("store"));
    assert.equal(first.code, 0, first.stderr);
    const done = await run("extract", at("some"), at("store"), "--json");
    assert.equal(done.code, 3);
    for (const line of lines(done)) schemas.check("archive-extract", line);
    assert.deepEqual(
      lines(done).map(({ type, stream, status }) => [type, stream, status]),
      [
        ["result", "MIXED", "failed"],
        ["result", "KV_BUCKET", "extracted"],
        ["summary", undefined, undefined],
      ],
    );
    assert.deepEqual(readdirSync(at("store", "jetstream", "$G", "streams")).sort(), ["KV_BUCKET", "MIXED"]);
  });
});
