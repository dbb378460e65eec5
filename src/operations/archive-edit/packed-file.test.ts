import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { S2Encoder } from "../../formats/s2/s2-encoder.ts";
import { sampleBytes } from "../../testing/kernel-samples.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { createPipe, PipeBroken, PipeReader } from "../workers/shared-pipe.ts";
import { EditCounter } from "./edit-protocol.ts";
import { PackedFile } from "./packed-file.ts";

const text = sampleBytes({ kind: "text", length: 9_000_000, seed: 1 });

function chunks(compress: boolean): Uint8Array[] {
  const encoder = new S2Encoder(undefined, { compress, blockSize: 100_000 });
  return [...encoder.push(text), ...encoder.end()];
}

const inFile = (
  format: "v1" | "v2",
  run: (file: PackedFile, pipe: ReturnType<typeof createPipe>, path: string, counters: Int32Array) => void,
) =>
  inTemporaryDirectory(async (directory) => {
    const [path, pipe, counters] = [join(directory, "archive"), createPipe(), new Int32Array(EditCounter.size)];
    const file = new PackedFile(path, Kernels.create(), { pipe, format }, counters);
    try {
      run(file, pipe, path, counters);
    } finally {
      file.close();
    }
  });

describe("a file whose blocks are compressed on their way", () => {
  it("compresses them itself where nobody else does", () =>
    inFile("v1", (file, _, path, counters) => {
      for (const chunk of chunks(false)) file.write(chunk);
      file.finish(undefined);
      const expected = Buffer.concat(chunks(true));
      assert.ok(readFileSync(path).equals(expected));
      assert.equal(counters[EditCounter.writtenKiB], Math.floor(expected.length / 1024));
      assert.ok((counters[EditCounter.madeKiB] ?? 0) * 1024 > expected.length);
    }));

  it("hands whole blocks over from the moment on at which somebody reads, and has written all before", () =>
    inFile("v1", (file, pipe, path) => {
      const [first, second, third] = chunks(false) as [Uint8Array, Uint8Array, Uint8Array];
      file.write(first);
      file.write(second.subarray(0, 20));
      const reader = new PipeReader(pipe);
      reader.begin();
      file.write(second.subarray(20));
      file.write(third);
      assert.ok(readFileSync(path).equals(Buffer.concat(chunks(true).slice(0, 2))), "the block that was begun is here");
      reader.end();
      file.finish(undefined);
      assert.ok(Buffer.from(reader.next() ?? []).equals(Buffer.from(third)));
    }));

  it("is good for nothing where the other thread fails, which it finds out at the end at the latest", () =>
    inFile("v1", (file, pipe) => {
      const reader = new PipeReader(pipe);
      reader.begin();
      for (const chunk of chunks(false).slice(0, 3)) file.write(chunk);
      reader.break();
      assert.throws(() => file.finish(undefined), PipeBroken);
      assert.throws(() => {
        for (const chunk of chunks(false)) file.write(chunk);
      }, PipeBroken);
    }));

  it("can be read along where its beginning will likely stay, and takes another in its place", async () => {
    for (const likely of [true, false]) {
      await inFile("v2", (file, _, path, counters) => {
        assert.equal(counters[EditCounter.readable], 0);
        file.writeHead(Buffer.from("before"), likely);
        assert.equal(readFileSync(path, "latin1"), "before");
        assert.equal(counters[EditCounter.readable], likely ? 1 : 0);
        file.finish(Buffer.from("behind"));
        assert.equal(readFileSync(path, "latin1"), "behind");
      });
    }
    await inFile("v1", (_, __, ___, counters) => assert.equal(counters[EditCounter.readable], 1));
  });
});
