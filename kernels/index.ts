// The kernels' exports. Memory belongs to the caller: addresses are plain numbers, and nothing is allocated in here.
import { crc32c, crcInit } from "./crc32c";
import { buildEntries, entryRows } from "./entry-build";
import { entryCount, entryNeed, entryStop, scanEntries } from "./entry-scan";
import { highwayHash, highwayKey } from "./highwayhash";
import { buildRecords, buildRows, buildSkipped, buildStop } from "./record-build";
import { recordCount, recordNeed, recordStop, scanRecords } from "./record-scan";
import { s2DecodeBlock, s2Init } from "./s2-decode";
import { s2EncodeBlock } from "./s2-encode";
import { countedRows, countRoom, countSubjects, moveSubjects } from "./subject-count";

export {
  buildEntries, buildRecords, buildSkipped, countSubjects, crc32c, highwayKey, moveSubjects, s2DecodeBlock, s2EncodeBlock,
  scanEntries, scanRecords,
};

/** Fills the tables. To be called once, before anything else. */
export function init(): void {
  s2Init();
  crcInit();
}
/** Where the caller's memory begins. */
export function heapBase(): usize { return __heap_base; }

export function highway64(at: usize, length: usize): u64 { return highwayHash(0, 0, at, length); }

// What the last scan left behind.
export function scannedRecords(): i32 { return recordCount; }
export function recordsStop(): i32 { return recordStop; }
export function recordsNeed(): usize { return recordNeed; }
export function scannedEntries(): i32 { return entryCount; }
export function entriesStop(): i32 { return entryStop; }
export function entriesNeed(): usize { return entryNeed; }

// What the last build left behind.
export function builtEntries(): i32 { return entryRows; }
export function builtRows(): i32 { return buildRows; }
export function buildStopped(): i32 { return buildStop; }

// What the last count left behind.
export function subjectsCounted(): i32 { return countedRows; }
export function subjectsRoom(): i32 { return countRoom; }
