// Counts messages by subject while records are built: what an index.db says of each subject. An open-addressing table of slots
// of 32 bytes, whose memory is the caller's:
//   u32 address of the subject, 0 where the slot is free | u32 length | u32 first block | u32 last block | u64 messages | u64 hash

const SLOT: usize = 32;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/** Rows that were counted. */
export let countedRows: i32 = 0;
/** Free slots that may still be taken. */
export let countRoom: i32 = 0;

// @ts-ignore: decorator
@inline function mix(hash: u64, word: u64): u64 {
  const mixed = (hash ^ word) * FACTOR;
  return mixed ^ (mixed >> 29);
}

// @ts-ignore: decorator
@inline function lastWord(at: usize, length: usize): u64 {
  // Behind every area 64 bytes may be read. 1 to 7 bytes.
  return load<u64>(at) & ((1 << ((length as u64) << 3)) - 1);
}

function hashOf(at: usize, length: usize): u64 {
  let hash: u64 = length;
  let rest = length;
  for (; rest >= 8; rest -= 8, at += 8) hash = mix(hash, load<u64>(at));
  return rest > 0 ? mix(hash, lastWord(at, rest)) : hash;
}

function same(a: usize, b: usize, length: usize): bool {
  let rest = length;
  for (; rest >= 8; rest -= 8, a += 8, b += 8) if (load<u64>(a) != load<u64>(b)) return false;
  return rest == 0 || lastWord(a, rest) == lastWord(b, rest);
}

/**
 * Counts the rows `from` to `rows`, which lie in `block`, in a table of `mask` + 1 slots of which `room` may still be taken;
 * new subjects are copied to `arena`, as long as they end at or before `arenaEnd`. Returns the address behind the last of them.
 */
export function countSubjects(
  from: i32, rows: i32, offsets: usize, names: usize,
  block: u32, table: usize, mask: u32, room: i32, arena: usize, arenaEnd: usize,
): usize {
  let row = from;
  countRoom = room;
  for (; row < rows; row++) {
    const at = load<u32>(offsets + (row << 2)) as usize;
    const length = load<u32>(names + (row << 2)) as usize;
    const hash = hashOf(at, length);
    let number = (hash >> 32) as u32 & mask;
    let slot = table + (number as usize) * SLOT;
    for (;;) {
      const known = load<u32>(slot) as usize;
      if (known == 0) break;
      if (load<u64>(slot, 24) == hash && load<u32>(slot, 4) == (length as u32) && same(known, at, length)) break;
      number = (number + 1) & mask;
      slot = table + (number as usize) * SLOT;
    }
    if (load<u32>(slot) == 0) {
      if (countRoom == 0 || arena + length > arenaEnd) break;
      countRoom--;
      memory.copy(arena, at, length);
      store<u32>(slot, arena as u32);
      store<u32>(slot, length as u32, 4);
      store<u32>(slot, block, 8);
      store<u64>(slot, 0, 16);
      store<u64>(slot, hash, 24);
      arena += length;
    }
    store<u32>(slot, block, 12);
    store<u64>(slot, load<u64>(slot, 16) + 1, 16);
  }
  countedRows = row - from;
  return arena;
}

/** Moves a table's slots to a larger one, which is all zeros. */
export function moveSubjects(table: usize, mask: u32, larger: usize, largerMask: u32): void {
  for (let from = table; from <= table + (mask as usize) * SLOT; from += SLOT) {
    if (load<u32>(from) == 0) continue;
    let number = (load<u64>(from, 24) >> 32) as u32 & largerMask;
    while (load<u32>(larger + (number as usize) * SLOT) != 0) number = (number + 1) & largerMask;
    memory.copy(larger + (number as usize) * SLOT, from, SLOT);
  }
}
