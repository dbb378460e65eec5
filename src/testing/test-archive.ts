import { extract } from "tar-stream";
import { HighwayHash } from "../formats/filestore/highway-hash.ts";
import { checksumText, streamKey } from "../formats/filestore/highway-keys.ts";
import { Kernels } from "../formats/kernels/kernels.ts";
import { S2Decoder } from "../formats/s2/s2-decoder.ts";
import { S2Encoder, type S2EncoderOptions } from "../formats/s2/s2-encoder.ts";
import { tarEnd, tarFile } from "../formats/tar/tar-writer.ts";
import { Window } from "../formats/window.ts";

/** One file of a v1 archive. */
export interface TestEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

const encoder = new TextEncoder();

/** Fuzzed decoders are fed by {@link packS2}, and memories of WebAssembly are slow to come and to go. */
const kernels = Kernels.create();

/** Packs bytes into an S2 stream with right checksums. */
export function packS2(decoded: Uint8Array, options: S2EncoderOptions = {}): Uint8Array {
  kernels.reset();
  const encode = new S2Encoder(kernels, options);
  return join([...encode.push(decoded), ...encode.end()]);
}

/** Unpacks a whole S2 stream. */
export function unpackS2(encoded: Uint8Array): Uint8Array {
  const window = new Window(Kernels.create());
  const decoder = new S2Decoder(window);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < encoded.length; ) {
    at += decoder.push(encoded.subarray(at));
    pieces.push(window.slice(0, window.length).slice());
    window.consume(window.length);
  }
  decoder.end();
  return join(pieces);
}

/** The files of a tar, read by an implementation that is not ours. */
export async function untar(tar: Uint8Array): Promise<TestEntry[]> {
  const entries: TestEntry[] = [];
  const reader = extract();
  reader.end(tar);
  for await (const entry of reader) {
    const pieces: Uint8Array[] = [];
    for await (const piece of entry) pieces.push(piece as Uint8Array);
    entries.push({ name: entry.header.name, content: join(pieces) });
  }
  return entries;
}

/** A tar of files, with its end. */
export function tarOf(entries: readonly TestEntry[]): Uint8Array {
  return join([...entries.map(({ name, content }) => tarFile(name, content)), tarEnd()]);
}

/** `meta.inf` and `meta.sum` of a stream. */
export function metaEntries(stream: string, config: Readonly<Record<string, unknown>> = {}): TestEntry[] {
  const meta = { Created: "2026-01-02T03:04:05.678901234Z", name: stream, subjects: [">"], ...config };
  const content = encoder.encode(JSON.stringify(meta));
  const hash = new HighwayHash(streamKey(stream));
  hash.update(content);
  return [
    { name: "meta.inf", content },
    { name: "meta.sum", content: encoder.encode(checksumText(hash.digest())) },
  ];
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
