import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { entryBatch } from "../../testing/entry-batch.ts";
import type { TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { inspectArchive } from "../../testing/read-messages.ts";
import { recordOffsets, tarLayout } from "../../testing/tar-layout.ts";
import { metaEntries, packS2, type TestEntry, tarOf, unpackS2, untar } from "../../testing/test-archive.ts";
import { Kernels } from "../kernels/kernels.ts";
import { V1Writer } from "./v1-writer.ts";

const created = "2026-01-02T03:04:05.000000006Z";

/** An archive of messages of these sequences. */
function write(sequences: readonly number[], lastSequence: number, name = "S"): Uint8Array {
  const pieces: Uint8Array[] = [];
  const kernels = Kernels.create();
  const config = { name, subjects: ["s"] };
  const writer = new V1Writer(kernels, { config, created, write: (piece) => void pieces.push(piece.slice()) });
  const messages = sequences.map(
    (sequence): TestEntryV2 => ({ sequence, time: BigInt(sequence), name: "s", payload: "p" }),
  );
  if (messages.length > 0) writer.messages(entryBatch(messages, kernels));
  writer.end(lastSequence, 0n, []);
  return Buffer.concat(pieces);
}

/** The blocks of an archive: of each the sequences of its records, with what marks one that is none of a message. */
function blocks(archive: Uint8Array): (readonly (number | string)[])[] {
  const tar = unpackS2(archive);
  return tarLayout(tar)
    .filter(({ name }) => name.endsWith(".blk"))
    .map(({ content, size }) => {
      const block = tar.slice(content, content + size);
      const view = new DataView(block.buffer);
      return recordOffsets(block).map((at) => {
        const sequence = view.getBigUint64(at + 4, true);
        assert.equal(sequence & (1n << 62n), 0n, "nats-server 2.9 takes a tombstone for a sequence");
        return sequence >> 63n === 1n ? `skip ${sequence & ~(1n << 63n)}` : Number(sequence);
      });
    });
}

describe("a v1 archive that is written", () => {
  it("V1-70 holds the configuration, blocks of live messages, and nothing that tells which are live", () => {
    const names = tarLayout(unpackS2(write([1, 2], 2))).map(({ name }) => name);
    assert.deepEqual(names, ["meta.inf", "meta.sum", "msgs/1.blk"]);
  });

  it("V1-71 has skip records for missing sequences", () => {
    assert.deepEqual(blocks(write([5, 8, 9], 9)), [[5, "skip 6", "skip 7", 8, 9]]);
  });

  it("V1-71 fills up to 1024 sequences in a row; a larger gap, however large, begins another block", () => {
    const [one, ...others] = blocks(write([1, 1026], 1026));
    assert.deepEqual([one?.length, one?.[1024], one?.at(-1), others], [1026, "skip 1025", 1026, []]);
    assert.deepEqual(blocks(write([1, 1027, 5_000_000_000], 5_000_000_000)), [[1], [1027], [5_000_000_000]]);
  });

  it("V1-72 marks the last sequence behind the last message in the same block, which is where nats-server 2.9 finds it", () => {
    assert.deepEqual(blocks(write([3], 9)), [[3, "skip 9"]]);
    assert.equal(inspectArchive(write([3], 9)).lastSequence, 9);
    assert.deepEqual(blocks(write([3], 2000)), [[3], ["skip 2000"]]);
  });

  it("V1-72 marks that of an empty stream with its only record, and nothing where there never was a message", () => {
    assert.deepEqual(blocks(write([], 777)), [["skip 777"]]);
    const { live, lastSequence, problems } = inspectArchive(write([], 777));
    assert.deepEqual([live.messages, lastSequence, problems], [0, 777, []]);
    assert.deepEqual(blocks(write([], 0)), []);
  });

  it("V1-73 has every checksum of the name that it is written under, and of each block's number", async () => {
    const archive = write([1, 5000], 5000, "OTHER");
    const { problems, stream } = inspectArchive(archive);
    assert.deepEqual([problems, stream?.name], [[], "OTHER"]);
    const entries = await untar(unpackS2(archive));
    const refused = (changed: readonly TestEntry[]): void =>
      assert.throws(
        () => inspectArchive(packS2(tarOf(changed))),
        (error) => isRelightError(error, "ARCHIVE_DAMAGED") && /checksum/.test(error.message),
      );
    refused([...metaEntries("S"), ...entries.slice(2)]);
    refused(entries.map((entry) => (entry.name === "msgs/2.blk" ? { ...entry, name: "msgs/3.blk" } : entry)));
  });

  it("V1-74 ends with two blocks of zeros, and the S2 stream right there", () => {
    const tar = unpackS2(write([1, 2, 3], 3));
    const last = tarLayout(tar).at(-1);
    assert.equal(tar.length, (last?.end ?? 0) + 1024);
    assert.ok(tar.subarray(-1024).every((byte) => byte === 0));
  });
});
