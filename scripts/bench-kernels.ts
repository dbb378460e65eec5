// Prints the speed of each WebAssembly kernel on one core, in MB (10^6 bytes of uncompressed data) a second: the median
// of several rounds. Run: npm run bench:kernels
import { EntryRows, Kernels, RecordRows } from "../src/formats/kernels/kernels.ts";
import { S2Decoder } from "../src/formats/s2/s2-decoder.ts";
import { S2Encoder } from "../src/formats/s2/s2-encoder.ts";
import { Window } from "../src/formats/window.ts";
import { entryBytes, jsonLike, randomBytes, recordBytes, sampleBytes } from "../src/testing/kernel-samples.ts";

const mebibyte = 1024 * 1024;

/** Median speed of `run`, which handles `bytes` bytes, over about 0.7 s. */
function measure(name: string, bytes: number, run: () => void): void {
  for (let round = 0; round < 3; round++) run();
  const seconds: number[] = [];
  const until = performance.now() + 700;
  while (performance.now() < until || seconds.length < 5) {
    const start = performance.now();
    run();
    seconds.push((performance.now() - start) / 1000);
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[seconds.length >> 1] as number;
  console.log(`${name.padEnd(44)} ${(bytes / median / 1e6).toFixed(0).padStart(7)} MB/s`);
}

function place(kernels: Kernels, bytes: Uint8Array): number {
  const at = kernels.allocate(bytes.length);
  kernels.bytes.set(bytes, at);
  return at;
}

// Words are the hard case for S2: literals and copies of a few bytes each, in an order that nothing predicts.
for (const [name, sample] of [
  ["json-like", jsonLike(8 * mebibyte, 1)],
  ["words", sampleBytes({ kind: "text", length: 8 * mebibyte, seed: 1 })],
  ["random", randomBytes(8 * mebibyte, 2)],
] as const) {
  const kernels = Kernels.create();
  // Eight blocks in turn: the branch predictor learns a single one by heart, which would double the speed.
  const sources = Array.from({ length: 8 }, (_, index) =>
    place(kernels, sample.subarray(index * mebibyte, (index + 1) * mebibyte)),
  );
  const packed = sources.map(() => kernels.allocate(Math.ceil(mebibyte * 1.2) + 128));
  const target = kernels.allocate(mebibyte);
  const sizes: number[] = [];
  measure(`s2EncodeBlock 1 MiB ${name}`, sample.length, () => {
    for (const [index, source] of sources.entries()) {
      sizes[index] = kernels.s2EncodeBlock(source, source + mebibyte, packed[index] as number);
    }
  });
  console.log(`  ratio ${(sample.length / sizes.reduce((sum, size) => sum + (size || mebibyte), 0)).toFixed(3)}`);
  if (sizes[0] !== 0) {
    measure(`s2DecodeBlock 1 MiB ${name}`, sample.length, () => {
      for (const [index, from] of packed.entries()) {
        const to = from + (sizes[index] as number);
        if (kernels.s2DecodeBlock(from, to, target, target + mebibyte) !== 0) throw new Error("corrupt");
      }
    });
  }

  const encoder = new S2Encoder(kernels);
  const frames = [...encoder.push(sample), ...encoder.end()];
  const window = new Window(kernels);
  const decoder = new S2Decoder(window);
  measure(`S2Decoder, with CRC, ${name}`, sample.length, () => drain(decoder, window, frames));
  measure(`S2Encoder, with CRC, ${name}`, sample.length, () => encoder.push(sample));
}

{
  const kernels = Kernels.create();
  const at = place(kernels, randomBytes(mebibyte, 3));
  for (const length of [64, 1024, 8 * 1024, 16 * 1024, 64 * 1024, mebibyte]) {
    const rounds = Math.ceil(mebibyte / length);
    measure(`crc32c of ${length} bytes`, length * rounds, () => {
      for (let round = 0; round < rounds; round++) kernels.crc32c(at, length);
    });
  }
  kernels.setHighwayKey(new Uint8Array(32).fill(7));
  measure("highway64 of 1 MiB", mebibyte, () => kernels.highway64(at, mebibyte));
}

for (const [payloadBytes, headerText] of [
  [550, undefined],
  [550, "NATS/1.0\r\nNats-Msg-Id: 0123456789abcdef\r\nTrace: 0123456789\r\n\r\n"],
  [130, undefined],
  [64 * 1024, undefined],
] as const) {
  const kernels = Kernels.create();
  kernels.setHighwayKey(new Uint8Array(32).fill(7));
  const text = new TextEncoder();
  const header = headerText === undefined ? {} : { header: text.encode(headerText) };
  const payload = randomBytes(payloadBytes, 4);
  const messages = Array.from({ length: Math.max(4, Math.floor(mebibyte / payloadBytes)) }, (_, index) => ({
    sequence: BigInt(index + 1),
    timestamp: 1_700_000_000_000_000_000n + BigInt(index),
    subject: text.encode(`ORDERS.eu.${index % 1000}`),
    ...header,
    payload,
  }));
  const label = `${payloadBytes} B payload${headerText ? " + header" : ""}`;
  const block = Buffer.concat(messages.map((message) => recordBytes(kernels, message)));
  const at = place(kernels, block);
  const rows = new RecordRows(kernels, messages.length + 1);
  for (const verify of [true, false]) {
    measure(`scanRecords ${verify ? "verified" : "unverified"}, ${label}`, block.length, () => {
      const { count } = kernels.scanRecords(at, at + block.length, rows, verify);
      if (count !== messages.length) throw new Error("a record is bad");
    });
  }
  const archive = Buffer.concat(messages.map(entryBytes));
  const start = place(kernels, archive);
  const entries = new EntryRows(kernels, messages.length + 1);
  measure(`scanEntries, ${label}`, archive.length, () => {
    const { count } = kernels.scanEntries(start, start + archive.length, entries);
    if (count !== messages.length) throw new Error("an entry is bad");
  });
}

function drain(decoder: S2Decoder, window: Window, frames: readonly Uint8Array[]): void {
  for (const frame of frames) {
    for (let rest = frame; rest.length > 0; ) {
      rest = rest.subarray(decoder.push(rest));
      window.consume(window.length);
    }
  }
  decoder.end();
}
