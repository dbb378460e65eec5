import { MalformedBytes } from "../byte-reader.ts";
import type { Parsing } from "../parsing.ts";
import { decodePaxRecords, type PaxRecords } from "../tar/pax-records.ts";
import { decodeTarHeader, type TarHeader, tarBlockBytes, tarPadding } from "../tar/tar-header.ts";
import type { SalvageInput } from "./salvage-input.ts";

/** A file of a tar whose content comes next in the window, as far as it is there. */
export interface SalvagedFile {
  readonly name: string;
  readonly size: number;
  readonly padding: number;
}

/** Names that the archive of a stream has. */
const known = /^(?:\.\/)*(?:meta\.(?:inf|sum)|errors\.txt|msgs\/(?:\d{1,10}\.(?:blk|idx|fss)|index\.db)|obs\/.+)$/;

const maxPaxBytes = 1024 * 1024;

/**
 * The next file of a tar, with headers that cannot be read passed over: what they stood before is lost, up to the next header
 * of a file that streams have. "end" where the tar ends, "cut" where the input does.
 */
export function* nextSalvagedFile(input: SalvageInput, lost: () => void): Parsing<SalvagedFile | "end" | "cut"> {
  const { window } = input;
  let pax: PaxRecords = {};
  for (;;) {
    if ((yield* input.upTo(tarBlockBytes)) < tarBlockBytes) return "cut";
    const header = decoded(window.slice(0, tarBlockBytes));
    if (!header) {
      if ((yield* input.upTo(2 * tarBlockBytes)) === 2 * tarBlockBytes && isZero(window.slice(0, 2 * tarBlockBytes))) {
        return "end";
      }
      lost();
      yield* findHeader(input);
      continue;
    }
    window.consume(tarBlockBytes);
    if (header.type !== "x" && header.type !== "g") {
      const name = (pax.path ?? header.name).replace(/^(\.\/)+/, "");
      const size = pax.size ?? header.size;
      return { name, size, padding: tarPadding(size) };
    }
    if (header.size <= maxPaxBytes && (yield* input.upTo(header.size)) === header.size) {
      pax = header.type === "x" ? records(window.slice(0, header.size)) : {};
    }
    yield* input.pass(header.size + tarPadding(header.size));
  }
}

/** Passes over what is not the header of a file that streams have. */
function* findHeader(input: SalvageInput): Parsing {
  const { window } = input;
  const offset = window.consumedBytes;
  do {
    window.consume(Math.min(window.length, input.unaligned ? 1 : tarBlockBytes));
    if ((yield* input.upTo(tarBlockBytes)) < tarBlockBytes) {
      window.consume(window.length);
      break;
    }
  } while (!begins(window.slice(0, tarBlockBytes)));
  const bytes = window.consumedBytes - offset;
  input.damage({ what: "the header of an entry cannot be read, and what it stood before is lost", offset, bytes });
}

function begins(block: Uint8Array): boolean {
  // "u" of "ustar": most of what is no header ends here.
  if (block[257] !== 0x75) return false;
  const header = decoded(block);
  if (!header) return false;
  return header.type === "x" ? header.name.includes("PaxHeaders") : known.test(header.name);
}

function decoded(block: Uint8Array): TarHeader | undefined {
  try {
    return decodeTarHeader(block);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

function records(bytes: Uint8Array): PaxRecords {
  try {
    return decodePaxRecords(bytes);
  } catch (error) {
    if (error instanceof MalformedBytes) return {};
    throw error;
  }
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
