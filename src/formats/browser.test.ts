import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { archiveFixture } from "../testing/fixtures.ts";

describe("relight/formats in a browser", () => {
  it("is bundled for one, and reads archives with what browsers have", async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "formats",
      platform: "browser",
      target: "es2022",
      logLevel: "silent",
    });
    const [file] = outputFiles;
    assert.ok(file);
    const browser = createContext({ WebAssembly, TextDecoder, TextEncoder, atob, btoa });
    runInContext(file.text, browser);
    for (const version of ["2.15.1", "2.10.26"]) {
      Object.assign(browser, { bytes: archiveFixture(version, "MIXED").archive });
      const found = runInContext(
        `formats.readArchive(() => [bytes]).then(async (archive) => {
          let count = 0;
          for await (const messages of archive.messages()) count += messages.length;
          return archive.report.format + " " + archive.report.live.messages + " " + count;
        })`,
        browser,
      ) as Promise<string>;
      assert.equal(await found, `${version === "2.15.1" ? "v2" : "v1"} 53 53`);
    }
  });
});
