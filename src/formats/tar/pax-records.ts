import { MalformedBytes } from "../byte-reader.ts";

/** What the extended header of POSIX.1-2001 says about the file that follows; other keys are read and left out. */
export interface PaxRecords {
  readonly path?: string;
  readonly size?: number;
  /** Decimal seconds since 1970, as written. */
  readonly mtime?: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes `<length> <key>=<value>\n` records. Throws MalformedBytes. */
export function decodePaxRecords(bytes: Uint8Array): PaxRecords {
  const records: { path?: string; size?: number; mtime?: string } = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    if (space < 0 || space - at > 8) throw malformed();
    const digits = String.fromCharCode(...bytes.subarray(at, space));
    const end = at + Number(digits);
    if (!/^[1-9][0-9]*$/.test(digits) || end <= space + 1 || end > bytes.length || bytes[end - 1] !== 10) {
      throw malformed();
    }
    const [key, value] = keyAndValue(bytes.subarray(space + 1, end - 1));
    if (key === "path") {
      if (value === "" || value.includes("\0")) throw malformed();
      records.path = value;
    } else if (key === "size") {
      if (!/^[0-9]{1,15}$/.test(value)) throw malformed();
      records.size = Number(value);
    } else if (key === "mtime") {
      if (!/^-?[0-9]{1,15}(\.[0-9]*)?$/.test(value)) throw malformed();
      records.mtime = value;
    } else if (!knownKeys.has(key) && !/^[A-Z]+\./.test(key)) {
      // Anything else is a byte that changed, or a meaning that must not be guessed at.
      throw new MalformedBytes(`an extended tar header with the unknown key ${JSON.stringify(key.slice(0, 40))}`);
    }
    at = end;
  }
  return records;
}

/** Encodes one record; its length counts itself. */
export function encodePaxRecord(key: string, value: string): Uint8Array {
  const rest = new TextEncoder().encode(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return new TextEncoder().encode(`${length} ${key}=${value}\n`);
}

/** Keys of the standard that say nothing about content, name or size; vendors' keys are upper-case with a dot. */
const knownKeys = new Set([
  "atime",
  "ctime",
  "charset",
  "comment",
  "gid",
  "gname",
  "hdrcharset",
  "linkpath",
  "uid",
  "uname",
]);

function keyAndValue(record: Uint8Array): [key: string, value: string] {
  const equals = record.indexOf(61);
  if (equals <= 0) throw malformed();
  try {
    return [utf8.decode(record.subarray(0, equals)), utf8.decode(record.subarray(equals + 1))];
  } catch {
    throw malformed();
  }
}

function malformed(): MalformedBytes {
  return new MalformedBytes("an extended tar header is malformed");
}
