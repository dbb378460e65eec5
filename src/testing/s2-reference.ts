/**
 * A second decoder of S2 blocks, byte by byte and for clarity only, to compare the kernels with. Returns undefined for a
 * corrupt block. Source: the format as docs/formats/s2.md states it.
 */
export function decodeS2Block(block: Uint8Array, size: number): Uint8Array | undefined {
  const out: number[] = [];
  let at = 0;
  let offset = 0;
  const take = (count: number): number => {
    if (at + count > block.length) throw new RangeError("cut off");
    let value = 0;
    for (let index = 0; index < count; index++) value += (block[at++] as number) * 256 ** index;
    return value;
  };
  try {
    while (at < block.length) {
      const tag = take(1);
      const bits = tag >> 2;
      let length = bits + 1;
      switch (tag & 3) {
        case 0: {
          if (bits >= 60) length = take(bits - 59) + 1;
          if (at + length > block.length || out.length + length > size) return undefined;
          for (let index = 0; index < length; index++) out.push(block[at++] as number);
          continue;
        }
        case 1: {
          const short = ((tag >> 5) << 8) | take(1);
          length = bits & 7;
          if (short !== 0) offset = short;
          else if (length === 5) length = take(1) + 4;
          else if (length === 6) length = take(2) + 256;
          else if (length === 7) length = take(3) + 65_536;
          length += 4;
          break;
        }
        case 2:
          offset = take(2);
          break;
        default:
          offset = take(4);
      }
      if (offset === 0 || offset > out.length || out.length + length > size) return undefined;
      for (let index = 0; index < length; index++) out.push(out[out.length - offset] as number);
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return out.length === size ? Uint8Array.from(out) : undefined;
}
