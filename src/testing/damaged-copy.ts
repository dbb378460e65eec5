import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { manifestName } from "../formats/directory/manifest.ts";
import { entryScanLayout } from "./natsarc-layout.ts";
import { recordOffsets, tarLayout } from "./tar-layout.ts";

/** A place in the decoded bytes of an archive, and what lies there. */
export interface Region {
  readonly what: string;
  readonly at: number;
}

/** Copies a backup without what Relight itself says about it: as if the `nats` CLI had made it. */
export async function asMadeByTheCli(backup: string, copy: string): Promise<string> {
  await rm(copy, { recursive: true, force: true });
  await cp(backup, copy, { recursive: true });
  await rm(join(copy, manifestName), { force: true });
  return copy;
}

/** Inverts one bit of a file, and gives back a function that mends it. */
export async function flipBit(path: string, at: number, bit = at % 8): Promise<() => Promise<void>> {
  const bytes = await readFile(path);
  const copy = Buffer.from(bytes);
  if (at >= bytes.length) throw new RangeError(`${path} has no byte ${at}`);
  copy[at] = (copy[at] as number) ^ (1 << bit);
  await writeFile(path, copy);
  return () => writeFile(path, bytes);
}

/** One place in each region of a v1 archive. */
export function v1Regions(tar: Uint8Array): Region[] {
  const regions: Region[] = [];
  const layout = tarLayout(tar);
  for (const { name, offset, content, size } of layout) {
    const kind = name.replace(/\d+\.blk$/, "N.blk").replace(/^obs\/[^/]+/, "obs/<name>");
    if (!regions.some(({ what }) => what === `${kind}: tar header`)) {
      regions.push({ what: `${kind}: tar header`, at: offset + 2 }, { what: `${kind}: tar size`, at: offset + 130 });
    }
    if (kind !== "msgs/N.blk") regions.push({ what: kind, at: content + (size >> 1) });
    else regions.push(...blockRegions(tar.subarray(content, content + size), content));
  }
  const end = layout.at(-1)?.end ?? 0;
  return [...regions, { what: "tar end", at: end }, { what: "tar end, second block", at: end + 512 }];
}

/** The parts of a message's record, of the first with headers where there is one, and of a tombstone. */
function blockRegions(block: Uint8Array, base: number): Region[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const offsets = recordOffsets(block);
  const hasHeaders = (at: number): boolean => (view.getUint32(at, true) & 0x80000000) !== 0;
  const isTombstone = (at: number): boolean => (view.getUint8(at + 11) & 0x40) !== 0;
  const message = offsets.find(hasHeaders) ?? 0;
  const length = view.getUint32(message, true) & 0x7fffffff;
  const subject = view.getUint16(message + 20, true);
  const headers = hasHeaders(message) ? view.getUint32(message + 22 + subject, true) : 0;
  const parts: Region[] = [
    { what: "record length", at: 0 },
    { what: "record sequence", at: 4 },
    { what: "record time", at: 12 },
    { what: "record subject", at: 22 },
    ...(headers > 0
      ? [
          { what: "record header length", at: 22 + subject },
          { what: "record header", at: 22 + subject + 4 + (headers >> 1) },
        ]
      : []),
    { what: "record payload", at: length - 12 },
    { what: "record checksum", at: length - 3 },
  ].map(({ what, at }) => ({ what, at: base + message + at }));
  const tombstone = offsets.find(isTombstone);
  return tombstone === undefined ? parts : [...parts, { what: "tombstone", at: base + tombstone + 5 }];
}

/** One place in each region of a v2 archive. `isCaught` tells whether the form alone gives a change away. */
export function v2Regions(decoded: Uint8Array): (Region & { readonly isCaught: boolean })[] {
  const entries = entryScanLayout(decoded);
  const state = entries.find(({ name }) => name === "state.json");
  const consumer = entries.find(({ name }) => name.startsWith("consumers/"));
  const message = entries.find(({ sequence, headerSize }) => sequence > 0 && headerSize > 0);
  const sentinel = entries.at(-1);
  if (!state || !consumer || !message || !sentinel) throw new Error("the archive lacks a kind of entry");
  return [
    { what: "magic", at: 3, isCaught: true },
    { what: "state.json name", at: state.nameAt, isCaught: true },
    { what: "state.json", at: state.payloadAt, isCaught: true },
    { what: "consumer name", at: consumer.nameAt + 3, isCaught: true },
    { what: "consumer", at: consumer.payloadAt, isCaught: true },
    { what: "message head: length of the name", at: message.offset, isCaught: true },
    { what: "message headers", at: message.headerAt, isCaught: false },
    { what: "message subject", at: message.nameAt + 1, isCaught: false },
    { what: "message payload", at: message.payloadAt, isCaught: false },
    { what: "sentinel", at: sentinel.offset, isCaught: true },
  ];
}
