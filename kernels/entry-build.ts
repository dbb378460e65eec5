// Builds message entries of a NATSARC1 archive: the inverse of entry-scan, for a whole batch in one call. An entry's layout is
// described there.

/** Rows that were taken. */
export let entryRows: i32 = 0;

/** The most bytes of an entry's head: five varints of 64 bits. */
const MAX_HEAD: usize = 50;

// @ts-ignore: decorator
@inline function uvarint(at: usize, value: u64): usize {
  let rest = value;
  let d = at;
  while (rest >= 0x80) {
    store<u8>(d++, (rest as u8) | 0x80);
    rest >>= 7;
  }
  store<u8>(d, rest as u8);
  return d + 1;
}

/**
 * Builds entries of the rows `from` to `rows` at `out`, as long as they are sure to end at or before `outEnd`. Returns the
 * address behind the last one.
 */
export function buildEntries(
  from: i32, rows: i32, out: usize, outEnd: usize,
  sequences: usize, times: usize, flags: usize, offsets: usize, names: usize, headers: usize, payloads: usize,
): usize {
  let row = from;
  let d = out;
  for (; row < rows; row++) {
    const name = load<u32>(names + (row << 2)) as usize;
    const header = load<u32>(headers + (row << 2)) as usize;
    const payload = load<u32>(payloads + (row << 2)) as usize;
    const body = name + header + payload;
    if (d + MAX_HEAD + body > outEnd) break;
    const time = load<i64>(times + (row << 3));
    d = uvarint(d, name);
    d = uvarint(d, ((time << 1) ^ (time >> 63)) as u64);
    d = uvarint(d, load<f64>(sequences + (row << 3)) as u64);
    d = uvarint(d, header);
    d = uvarint(d, payload);
    memory.copy(d, load<u32>(offsets + (row << 2)) as usize, body);
    d += body;
  }
  entryRows = row - from;
  return d;
}
