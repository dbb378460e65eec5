import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { sampleBytes } from "../../testing/kernel-samples.ts";
import { breakPipe, createPipe, PipeBroken, PipeReader, PipeWriter } from "./shared-pipe.ts";

const mebibyte = 1024 * 1024;
const random = sampleBytes({ kind: "random", length: 3 * mebibyte, seed: 1 });

/** Reads a pipe in another thread, slowly at times; says what came, or how it ended. */
const readerThread = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { createHash } = require("node:crypto");
  import(workerData.module).then(({ PipeReader }) => {
    const reader = new PipeReader(workerData.pipe);
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      reader.begin();
      for (let piece = reader.next(), turn = 0; piece; piece = reader.next(), turn++) {
        if (turn % 5 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
        hash.update(piece);
        bytes += piece.length;
      }
      reader.end();
      parentPort.postMessage({ bytes, sha256: hash.digest("hex") });
    } catch (error) {
      parentPort.postMessage(error.constructor.name);
    }
  });`;

function readElsewhere(pipe: ReturnType<typeof createPipe>): Promise<unknown> {
  const workerData = { pipe, module: new URL("./shared-pipe.ts", import.meta.url).href };
  const worker = new Worker(readerThread, { eval: true, workerData });
  return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
}

describe("a pipe between threads", () => {
  it("hands over every byte in order, many times what it holds, however it is cut", { timeout: 60_000 }, async () => {
    const pipe = createPipe(2);
    const answer = readElsewhere(pipe);
    const writer = new PipeWriter(pipe);
    const hash = createHash("sha256");
    let bytes = 0;
    for (const size of [1, 10 * mebibyte, 100, mebibyte, 3 * mebibyte, 0, 7, 999_999]) {
      for (let rest = size; rest > 0; ) {
        const piece = random.subarray(0, Math.min(rest, random.length));
        writer.write(piece);
        hash.update(piece);
        rest -= piece.length;
      }
      bytes += size;
    }
    writer.end();
    writer.waitForReader();
    assert.deepEqual(await answer, { bytes, sha256: hash.digest("hex") });
  });

  it("hands over nothing, and tells when somebody reads", () => {
    const pipe = createPipe();
    const [writer, reader] = [new PipeWriter(pipe), new PipeReader(pipe)];
    assert.ok(!writer.hasReader);
    reader.begin();
    assert.ok(writer.hasReader);
    writer.end();
    assert.equal(reader.next(), undefined);
    reader.end();
    writer.waitForReader();
  });

  it("ends with what was written, for a reader that comes late", () => {
    const pipe = createPipe();
    const [writer, reader] = [new PipeWriter(pipe), new PipeReader(pipe)];
    writer.write(random.subarray(0, 10));
    writer.end();
    writer.break();
    reader.begin();
    assert.deepEqual(reader.next(), new Uint8Array(random.subarray(0, 10)));
    assert.equal(reader.next(), undefined);
  });

  it("never ends well for a reader whose writer gave up", async () => {
    const pipe = createPipe();
    const answer = readElsewhere(pipe);
    const writer = new PipeWriter(pipe);
    writer.write(random);
    writer.break();
    assert.equal(await answer, "PipeBroken");
    writer.end();
    assert.throws(() => new PipeReader(pipe).next(), PipeBroken);
  });

  it("does not let a writer wait for ever where its reader gave up, or both were broken", () => {
    for (const give of [
      (pipe: ReturnType<typeof createPipe>) => {
        const reader = new PipeReader(pipe);
        reader.begin();
        reader.break();
      },
      breakPipe,
    ]) {
      const pipe = createPipe(2);
      give(pipe);
      const writer = new PipeWriter(pipe);
      assert.throws(() => writer.write(random), PipeBroken);
      assert.throws(() => writer.waitForReader(), PipeBroken);
    }
  });
});
