import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Context, createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { archiveFixture } from "../testing/fixtures.ts";

/** What a page does with the library, in which nothing is there but what browsers have. */
const page = `
async function count(archive) {
  let count = 0;
  for await (const messages of archive.messages()) count += messages.length;
  return count;
}
async function* all(archive) {
  for await (const messages of archive.messages()) yield* messages;
}
async function rewrite(archive, format) {
  const pieces = [];
  let head = new Uint8Array();
  const content = { format, config: { name: "COPY", subjects: ["copy.>"] }, created: "2026-11-24T10:00:00Z",
    consumers: archive.report.consumers, messages: all(archive), lastSequence: archive.report.lastSequence };
  await formats.writeArchive(content, {
    write: (piece) => void pieces.push(...piece),
    writeHead: (bytes) => { head = bytes.slice(); },
  });
  const whole = Uint8Array.from(pieces);
  whole.set(head);
  return whole;
}`;

/** A page of its own for each test, so that none sees what another left. */
describe("relight/formats in a browser", () => {
  let bundle: string;
  before(async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
      bundle: true,
      write: false,
      metafile: true,
      format: "iife",
      globalName: "formats",
      // Whatever is of Node makes the bundle fail.
      platform: "browser",
      target: "es2022",
      logLevel: "silent",
    });
    const [file] = outputFiles;
    assert.ok(file);
    bundle = file.text;
    for (const input of Object.keys(metafile.inputs)) assert.doesNotMatch(input, /^(?:node:|src\/(?!formats|errors))/);
  });

  const open = (bytes: Uint8Array): Context => {
    const context = createContext({ WebAssembly, TextDecoder, TextEncoder, atob, btoa, bytes });
    runInContext(bundle, context);
    runInContext(page, context);
    return context;
  };

  for (const [version, format] of [
    ["2.15.1", "v2"],
    ["2.10.26", "v1"],
  ] as const) {
    const { archive } = archiveFixture(version, "MIXED");

    it(`reads a ${format} archive`, async () => {
      const found = runInContext(
        "formats.readArchive(() => [bytes]).then(async (archive) => [archive.report.format, archive.report.live.messages, await count(archive)].join())",
        open(archive),
      ) as Promise<string>;
      assert.equal(await found, `${format},53,53`);
    });

    it(`writes it in either format, and reads it back`, async () => {
      for (const to of ["v1", "v2"]) {
        const found = runInContext(
          `formats.readArchive(() => [bytes]).then(async (archive) => {
            const written = await rewrite(archive, "${to}");
            const again = await formats.readArchive(() => [written]);
            return [again.report.format, await count(again), again.report.problems.length, again.report.lastSequence].join();
          })`,
          open(archive),
        ) as Promise<string>;
        assert.equal(await found, `${to},53,0,63`);
      }
    });

    it(`says of a damaged ${format} archive where`, async () => {
      const damaged = Uint8Array.from(archive);
      damaged[archive.length - 40] = (damaged[archive.length - 40] as number) ^ 1;
      const found = runInContext(
        `formats.readArchive(() => [bytes]).then(
          () => "nothing",
          (error) => [error.code, formats.isRelightError(error, "ARCHIVE_DAMAGED"), error.context.encodedOffset].join())`,
        open(damaged),
      ) as Promise<string>;
      assert.equal(await found, "ARCHIVE_DAMAGED,true,10");
    });
  }
});
