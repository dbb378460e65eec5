import type { Kernels } from "../kernels/kernels.ts";

const version = 0x5354414e; // "NATS", little-endian
const blankLine = 0x0a0d0a0d; // "\r\n\r\n"

/** How the headers of a message look: as they should, wrongly divided from the payload, or not like headers at all. */
export type HeaderShape = "well-formed" | "misdivided" | "malformed";

/**
 * Looks at the headers of a record, whose length no checksum covers: a changed length moves the border to the payload. A
 * client may store anything as headers, so only those that become well-formed elsewhere are called misdivided.
 */
export function headerShape(kernels: Kernels, at: number, headerBytes: number, payloadBytes: number): HeaderShape {
  const { view } = kernels;
  if (headerBytes >= 12 && view.getUint32(at, true) === version) {
    if (view.getUint32(at + headerBytes - 4, true) === blankLine) return "well-formed";
  }
  const both = kernels.bytes.subarray(at, at + headerBytes + payloadBytes);
  if (both.length < 12 || view.getUint32(at, true) !== version) return "malformed";
  for (let index = both.indexOf(13, 8); index >= 0; index = both.indexOf(13, index + 1)) {
    if (index + 4 > both.length) break;
    if (view.getUint32(at + index, true) === blankLine) return index + 4 === headerBytes ? "malformed" : "misdivided";
  }
  return "malformed";
}
