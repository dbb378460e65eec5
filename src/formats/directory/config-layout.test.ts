import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { backupJsonName, isStreamName, parseBackupJson } from "./backup-json.ts";
import { formatConfigEntry, parseConfigEntry } from "./config-layout.ts";
import { parseManifest } from "./manifest.ts";

const time = new Date("2026-01-02T03:04:05.678Z");
const stream = { type: "stream", stream: "ORDERS", config: { name: "ORDERS", subjects: ["ö.>"] } } as const;

describe("a file of the configuration layout", () => {
  it("reads back as it was written", () => {
    assert.deepEqual(parseConfigEntry(formatConfigEntry(stream, time), "f"), stream);
    const consumer = { type: "consumer", stream: "ORDERS", consumer: "C", config: { durable_name: "C" } } as const;
    assert.deepEqual(parseConfigEntry(formatConfigEntry(consumer, time), "f"), consumer);
  });

  it("has the fields of the older nats CLI", () => {
    const file = JSON.parse(formatConfigEntry(stream, time));
    assert.deepEqual(Object.keys(file), ["type", "time", "configuration", "checksum"]);
    assert.equal(file.time, "2026-01-02T03:04:05Z");
    assert.deepEqual(JSON.parse(Buffer.from(file.configuration, "base64").toString()), stream.config);
    assert.match(file.checksum, /^[0-9a-f]{64}$/);
  });

  it("is refused when any character of the configuration or its checksum has changed", () => {
    const text = formatConfigEntry(stream, time);
    const file = JSON.parse(text) as { configuration: string; checksum: string };
    for (const field of ["configuration", "checksum"] as const) {
      for (let index = 0; index < file[field].length; index++) {
        const value = file[field];
        const other = value[index] === "A" ? "B" : value[index] === "1" ? "2" : field === "checksum" ? "1" : "A";
        const changed = { ...file, [field]: value.slice(0, index) + other + value.slice(index + 1) };
        if (value[index] === other) continue;
        assert.throws(
          () => parseConfigEntry(JSON.stringify(changed), "f"),
          (error) => isRelightError(error, "ARCHIVE_DAMAGED") || isRelightError(error, "BACKUP_INVALID"),
        );
      }
    }
  });

  it("is never anything but an entry or an error of the catalogue", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseConfigEntry(text, "f");
        } catch (error) {
          assert.ok(isRelightError(error));
        }
      }),
    );
  });
});

describe("the description of a backup", () => {
  it("is refused when it is empty, which is how the nats CLI leaves an unfinished one", () => {
    assert.throws(() => parseBackupJson("", backupJsonName), /never finished/);
  });

  it("is refused when the stream's name could be a path or a wildcard", () => {
    for (const name of ["../x", "a/b", "a.b", "*", ">", "a b", "", "a\u0000b"]) {
      assert.ok(!isStreamName(name), name);
      assert.throws(() => parseBackupJson(JSON.stringify({ config: { name } }), "f"), isRelightError);
    }
    assert.ok(isStreamName("KV_config-1"));
  });

  it("is refused when it is a newer manifest than this version knows, or an incomplete one", () => {
    assert.throws(() => parseManifest('{"relight":2}', "f"), /newer Relight/);
    assert.throws(() => parseManifest('{"relight":1,"stream":"S"}', "f"), /not complete/);
    assert.throws(() => parseManifest("[]", "f"), isRelightError);
  });
});
