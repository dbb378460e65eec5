// The kernels' exports. Memory belongs to the caller: addresses are plain numbers, and nothing is allocated in here.
import { crcInit, crc32c } from "./crc32c";
import { entryCount, entryNeed, entryStop, scanEntries } from "./entry-scan";
import { hh64, highwayKey } from "./highwayhash";
import { scanCount, scanNeed, scanRecords, scanStop } from "./record-scan";
import { s2DecodeBlock, s2Init } from "./s2-decode";
import { s2EncodeBlock } from "./s2-encode";

export { crc32c, highwayKey, s2DecodeBlock, s2EncodeBlock, scanEntries, scanRecords };

export function init(): void {
  s2Init();
  crcInit();
}
export function heapBase(): usize {
  return __heap_base;
}
export function highway64(at: usize, length: usize): u64 {
  return hh64(0, 0, at, length);
}
export function recordStop(): i32 { return scanStop; }
export function recordNeed(): usize { return scanNeed; }
export function recordCount(): i32 { return scanCount; }
export function entriesStop(): i32 { return entryStop; }
export function entriesNeed(): usize { return entryNeed; }
export function entriesCount(): i32 { return entryCount; }
