import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { archiveFixture } from "../testing/fixtures.ts";
import { archiveV2, type TestEntryV2 } from "../testing/natsarc-writer.ts";
import { inspectArchive, readMessages } from "../testing/read-messages.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { packS2 } from "../testing/test-archive.ts";
import { writeBackup } from "../testing/write-backup.ts";

const schemas = new ShippedSchemas();
type Json = { readonly [key: string]: unknown };

describe("relight archive", () => {
  let home: string;
  const at = (...parts: string[]): string => join(home, ...parts);
  const run = (...args: string[]): Promise<RelightRun> => runRelight(home, ["archive", ...args]);

  /** Runs a command with --json; every line held against a schema. */
  async function json(
    schema: string,
    ...args: string[]
  ): Promise<{ readonly code: number | null; readonly lines: readonly Json[] }> {
    const ended = await run(...args, "--json");
    const lines = ended.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Json);
    for (const line of lines) schemas.check(schema, line);
    return { code: ended.code, lines };
  }

  const archiveIn = (directory: string): Uint8Array => {
    const name = readdirSync(directory).find((file) => file.endsWith(".s2")) as string;
    return readFileSync(join(directory, name));
  };

  before(() => {
    home = mkdtempSync(join(tmpdir(), "relight-archive-"));
    for (const [name, version, stream, format] of [
      ["v1", "2.10.26", "MIXED", "v1"],
      ["v2", "2.15.1", "MIXED", "v2"],
      ["kv", "2.14.6", "KV_BUCKET", "v1"],
      ["consumed", "2.15.1", "CONSUMED", "v2"],
    ] as const) {
      const { archive, facts } = archiveFixture(version, stream);
      writeBackup(at(name), archive, { format, config: facts.config });
    }
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  it("info: configuration, counts, times, subjects, gaps with their reasons, consumers", async () => {
    for (const name of ["v1", "v2"]) {
      const { lines } = await json("archive-info", "info", at(name));
      const [info] = lines as [Json];
      const { facts } = archiveFixture(name === "v1" ? "2.10.26" : "2.15.1", "MIXED");
      assert.deepEqual(
        [info.messages, info.first_seq, info.last_seq],
        [facts.state.messages, facts.state.first_seq, facts.state.last_seq],
      );
      const counts = Object.values(info.subjects as Record<string, number>);
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        facts.state.messages,
      );
      assert.equal((info.gaps as { count: number }).count, facts.live.length - 1);
    }
    const text = (await run("info", at("v1"))).stdout;
    assert.match(text, /Format: v1\n/);
    assert.match(text, /\n +7-8: 2 sequences, deleted, purged or acknowledged\n/);
    assert.match(text, /\nAll Gaps:\n\n +8: deleted, purged or acknowledged\n/);
    assert.match((await run("info", at("consumed"))).stdout, /Consumers:\n\n +\w+: delivered up to/);
  });

  it("verify: sound ones pass, damaged ones are named with the place, exit code 13", async () => {
    assert.equal((await run("verify", at("v1"))).code, 0);
    const { archive, facts } = archiveFixture("2.15.1", "MIXED");
    const damaged = Uint8Array.from(archive);
    damaged[archive.length - 40] = (damaged[archive.length - 40] as number) ^ 1;
    writeBackup(at("damaged"), damaged, { format: "v2", config: facts.config });
    const { code, lines } = await json("archive-verify", "verify", at("damaged"));
    assert.equal(code, 13);
    assert.equal(lines[0]?.sound, false);
    assert.match(JSON.stringify(lines[0]?.findings), /at offset \d+ of the compressed data/);
    assert.match(
      (await run("verify", at("damaged"))).stdout,
      /✗ MIXED: damaged\n {2}✗ .*\n {2}still readable: \d+ messages?, .*\n {2}• lost: /,
    );
    const whole = await json("archive-verify", "verify", home);
    assert.deepEqual([whole.code, whole.lines.length], [13, 6]);
    rmSync(at("damaged"), { recursive: true });
  });

  it("ls, find, cat and export: messages by subject, sequence, time, header and payload", async () => {
    const messages = readMessages(archiveIn(at("v1")));
    const { lines } = await json("archive-messages", "ls", at("v1"));
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      messages.map(({ sequence }) => sequence),
    );
    const some = await json("archive-messages", "ls", at("v1"), "--first-seq", "15", "--last-seq", "20");
    assert.deepEqual(
      some.lines.map(({ seq }) => seq),
      [15, 16, 17, 18, 19, 20],
    );
    const subject = messages[3]?.subject as string;
    const found = await json("archive-messages", "find", at("v1"), "--subject", subject);
    assert.deepEqual(
      found.lines.map(({ seq }) => seq),
      messages.filter((message) => message.subject === subject).map(({ sequence }) => sequence),
    );
    assert.equal((await run("ls", at("v1"), "--limit", "2")).stdout.trimEnd().split("\n").length, 2);
    const withHeaders = messages.filter(({ headers }) => headers.length > 0);
    const name = /\r\n([^:]+):/.exec(withHeaders[0]?.headers ?? "")?.[1] as string;
    assert.ok((await json("archive-messages", "find", at("v1"), "--header", name.toLowerCase())).lines.length > 0);
    const payload = (await run("cat", at("v1"), "15")).stdout;
    assert.equal(payload, messages.find(({ sequence }) => sequence === 15)?.payload);
    assert.equal((await run("cat", at("v1"), "7")).code, 1, "a gap");
    const exported = (await run("export", at("v2"), "--base64")).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Json);
    assert.deepEqual(
      exported.map(({ data_base64 }) => Buffer.from(data_base64 as string, "base64").toString("latin1")),
      readMessages(archiveIn(at("v2"))).map((message) => message.payload),
    );
  });

  it("ls of buckets: keys with revisions, objects with their digests", async () => {
    const keys = await json("archive-messages", "ls", at("kv"));
    const newest = new Map(readMessages(archiveIn(at("kv"))).map((message) => [message.subject, message.sequence]));
    assert.deepEqual(new Map(keys.lines.map(({ key, revision }) => [`$KV.BUCKET.${key}`, revision])), newest);
    const chunk = (nuid: string, sequence: number, payload: string): TestEntryV2 => ({
      name: `$O.b.C.${nuid}`,
      sequence,
      payload,
    });
    const meta = (name: string, sequence: number, nuid: string, content: string, chunks: number): TestEntryV2 => {
      const digest = `SHA-256=${createHash("sha256").update(content).digest("base64url")}`;
      return {
        name: `$O.b.M.${Buffer.from(name).toString("base64url")}`,
        sequence,
        payload: JSON.stringify({ name, nuid, size: content.length, chunks, digest }),
      };
    };
    const messages = [
      chunk("one", 1, "hello "),
      chunk("one", 2, "world"),
      meta("whole", 3, "one", "hello world", 2),
      chunk("two", 4, "hello "),
      meta("torn", 5, "two", "hello world", 2),
      chunk("three", 6, "other"),
      meta("wrong", 7, "three", "right", 1),
      chunk("four", 8, "nobody's"),
    ];
    writeBackup(at("objects"), packS2(archiveV2({ messages })), {
      format: "v2",
      config: { name: "OBJ_b", subjects: ["$O.b.C.>", "$O.b.M.>"] },
    });
    const objects = await json("archive-messages", "ls", at("objects"));
    assert.deepEqual(
      objects.lines.map(({ name, problem }) => [name, problem ?? ""]),
      [
        ["(four)", "these chunks have no description: the object was not put whole, or its description is gone"],
        ["torn", "1 of its 2 chunks are there"],
        ["whole", ""],
        ["wrong", "its content is not what its digest says"],
      ],
    );
    const verdict = await json("archive-verify", "verify", at("objects"));
    assert.equal(verdict.code, 13, "F53");
    assert.match(JSON.stringify(verdict.lines[0]?.findings), /torn/);
    rmSync(at("objects"), { recursive: true });
  });

  it("convert: to the other format and back, another name, a part; what a server does not know is left out", async () => {
    const there = await json("archive-edit", "convert", at("v2"), at("as-v1"), "--to", "v1");
    assert.equal(there.code, 0, JSON.stringify(there.lines));
    assert.deepEqual(readMessages(archiveIn(at("as-v1"))), readMessages(archiveIn(at("v2"))));
    schemas.check("manifest", JSON.parse(readFileSync(at("as-v1", "relight.json"), "utf8")));
    await json("archive-edit", "convert", at("as-v1"), at("back"), "--to", "v2");
    assert.deepEqual(readMessages(archiveIn(at("back"))), readMessages(archiveIn(at("v2"))));
    const part = await json(
      "archive-edit",
      "convert",
      at("v1"),
      at("part"),
      "--to",
      "dir-for-server",
      "2.9",
      "--rename",
      "OTHER",
      "--until-seq",
      "20",
    );
    const report = inspectArchive(archiveIn(at("part")));
    assert.deepEqual(
      [report.format, report.stream?.name, report.lastSequence, report.problems],
      ["v1", "OTHER", 20, []],
    );
    assert.deepEqual(
      [part.code, "compression" in (report.stream?.config ?? {}), "first_seq" in (report.stream?.config ?? {})],
      [0, false, false],
    );
    assert.equal((await json("archive-verify", "verify", at("part"))).code, 0);
    assert.equal((await json("archive-edit", "convert", at("v1"), at("MIXED.tgz"), "--to", "tgz")).code, 0);
    assert.match((await run("info", at("MIXED.tgz"))).stdout, /Messages: 53/);
    const bucket = await json("archive-edit", "convert", at("kv"), at("kv2"), "--rename", "KV_NEW");
    assert.match(JSON.stringify(bucket.lines[0]?.notes), /\$KV\.BUCKET\.> become \$KV\.NEW\.>/);
    assert.ok(readMessages(archiveIn(at("kv2"))).every(({ subject }) => subject.startsWith("$KV.NEW.")));
    for (const name of ["as-v1", "back", "part", "kv2", "MIXED.tgz"]) rmSync(at(name), { recursive: true });
  });

  it("edit: what was dropped by which filter; nothing is written by a dry run", async () => {
    const messages = readMessages(archiveIn(at("v1")));
    const dry = await json(
      "archive-edit",
      "edit",
      at("v1"),
      "--first-seq",
      "15",
      "--last-per-subject",
      "1",
      "--dry-run",
    );
    const [summary] = dry.lines as [Json];
    const dropped = summary.dropped as Record<string, number>;
    assert.equal(dropped.sequence, messages.filter(({ sequence }) => sequence < 15).length);
    assert.equal(
      summary.messages,
      new Set(messages.filter(({ sequence }) => sequence >= 15).map(({ subject }) => subject)).size,
    );
    assert.deepEqual([summary.directory, existsSync(at("edited"))], [null, false]);
    const compact = await json("archive-edit", "edit", at("kv"), at("edited"), "--kv-compact");
    assert.equal(compact.code, 0);
    assert.equal(inspectArchive(archiveIn(at("edited"))).live.messages, compact.lines[0]?.messages);
    rmSync(at("edited"), { recursive: true });
    for (const args of [
      ["edit", at("v1")],
      ["edit", at("v1"), at("x"), "--kv-compact"],
      ["edit", at("kv"), at("x"), "--kv-compact", "--last-per-subject", "2"],
      ["edit", at("v1"), at("x"), "--obfuscation-key", "y"],
      ["edit", at("v1"), at("x"), "--payload-match", "("],
      ["convert", at("v1"), at("x"), "2.10"],
      ["convert", at("v1"), at("x"), "--to", "dir-for-server"],
      ["convert", at("v1"), at("x"), "--rename", "a.b"],
      ["convert", at("v1"), at("x"), "--storage", "memory", "--to", "v1"],
      ["convert", at("v1"), at("x"), "--subject-map", "a.*:b.$2"],
      ["convert", at("v1"), at("x"), "--from-seq", "20", "--until-seq", "10"],
      ["edit", at("v1"), at("x"), "--after", "1h", "--before", "2h"],
      ["ls", at("v1"), "--first-seq", "20", "--last-seq", "10"],
    ]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    }
    assert.ok(!existsSync(at("x")));
    writeFileSync(at("taken"), "");
    assert.equal((await run("convert", at("v1"), at("v2"))).code, 1, "it stands there already");
  });

  it("edit --obfuscate and lookup: nothing tells whose messages they were, but the key file", async () => {
    const { lines } = await json("archive-edit", "edit", at("consumed"), at("hidden"), "--obfuscate");
    const [summary] = lines as [Json];
    assert.equal(summary.key_file, at("hidden.keys.json"));
    const secret = readMessages(archiveIn(at("consumed")));
    const hidden = readMessages(archiveIn(at("hidden")));
    assert.deepEqual(
      hidden.map(({ sequence, payload }) => [sequence, payload]),
      secret.map(({ sequence, payload }) => [sequence, "0".repeat(payload.length)]),
    );
    for (const file of readdirSync(at("hidden")))
      assert.ok(!readFileSync(at("hidden", file)).includes("CONSUMED"), file);
    const back = await run("lookup", at("hidden.keys.json"), hidden[0]?.subject as string, summary.stream as string);
    assert.equal(back.stdout, `${hidden[0]?.subject}: ${secret[0]?.subject}\n${summary.stream}: CONSUMED\n`);
    assert.match((await run("lookup", at("hidden.keys.json"), "nobody")).stderr, /not in .*hidden\.keys\.json: nobody/);
    writeFileSync(at("wrong.json"), "{}");
    for (const file of ["none.json", "wrong.json"]) {
      const args = ["edit", at("consumed"), at("x"), "--obfuscate", "--obfuscation-key", at(file)];
      for (const refused of [await run("lookup", at(file), "a"), await run(...args)]) {
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, /hint: Give the file that relight archive edit --obfuscate wrote/);
      }
    }
    const again = await json(
      "archive-edit",
      "edit",
      at("consumed"),
      at("hidden2"),
      "--obfuscate",
      "--obfuscation-key",
      at("hidden.keys.json"),
    );
    assert.equal(again.lines[0]?.stream, summary.stream);
    assert.deepEqual(readMessages(archiveIn(at("hidden2"))), hidden);
  });

  it("edit and extract --salvage: of a damaged backup what is left, and what is lost of it; exit code 3", async () => {
    const { archive, facts } = archiveFixture("2.10.26", "MIXED");
    const damaged = archive.subarray(0, archive.length - 30);
    writeBackup(at("cut"), damaged, { format: "v1", config: facts.config });
    mkdirSync(at("cut-store"));
    for (const args of [
      ["edit", at("cut"), at("rest"), "--last-seq", "20"],
      ["extract", at("cut"), at("cut-store")],
    ]) {
      assert.equal((await run(...args)).code, 13, args[0]);
      const schema = `archive-${args[0]}`;
      const { code, lines } = await json(schema, ...args, "--salvage");
      const [summary] = lines as [Json];
      assert.deepEqual([code, summary.exit_code, summary.ok], [3, 3, true]);
      assert.match(JSON.stringify(summary.notes), /salvaged: lost: /);
      assert.ok((summary.salvage as { damages: unknown[] }).damages.length > 0);
    }
    rmSync(at("cut"), { recursive: true });
    rmSync(at("rest"), { recursive: true });
  });

  it("verify: an account's backup in the older CLI's layout too, of which one that cannot be read hides no other", async () => {
    mkdirSync(at("account"));
    for (const name of ["v1", "kv"]) cpSync(at(name), at("account", name), { recursive: true });
    assert.equal((await run("convert", at("account"), at("files"), "--to", "tgz")).code, 0);
    const files = await json("archive-verify", "verify", at("files"));
    assert.deepEqual(
      [files.code, files.lines.map(({ stream, sound }) => [stream, sound])],
      [
        0,
        [
          ["KV_BUCKET", true],
          ["MIXED", true],
          [undefined, undefined],
        ],
      ],
    );
    writeFileSync(at("account", "kv", "backup.json"), "{");
    const { code, lines } = await json("archive-verify", "verify", at("account"));
    assert.deepEqual([code, lines.map(({ sound }) => sound)], [13, [true, false, undefined]]);
    for (const name of ["account", "files"]) rmSync(at(name), { recursive: true });
  });

  it("extract: into a store that no server uses; refused where the stream stands already", async () => {
    mkdirSync(at("store", "jetstream"), { recursive: true });
    const planned = await json("archive-extract", "extract", at("v2"), at("store"), "--dry-run");
    assert.deepEqual(
      [planned.code, planned.lines[0]?.status, readdirSync(at("store", "jetstream"))],
      [0, "planned", []],
    );
    const done = await json("archive-extract", "extract", at("v2"), at("store"), "--name", "OTHER");
    assert.deepEqual([done.code, done.lines[0]?.stream], [0, "OTHER"]);
    assert.ok(existsSync(at("store", "jetstream", "$G", "streams", "OTHER", "msgs", "1.blk")));
    const again = await json("archive-extract", "extract", at("v2"), at("store"), "--name", "OTHER");
    assert.equal(again.code, 1);
    rmSync(at("store"), { recursive: true });
  });
});
