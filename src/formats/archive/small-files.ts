import { RelightError } from "../../errors.ts";
import { MalformedBytes } from "../byte-reader.ts";

/** Decodes a `meta.sum`: 16 lower-case hexadecimal digits. Throws MalformedBytes. */
export function decodeChecksum(bytes: Uint8Array): string {
  const text = bytes.length === 16 ? String.fromCharCode(...bytes) : "";
  if (!/^[0-9a-f]{16}$/.test(text)) throw new MalformedBytes("this is no checksum");
  return text;
}

/** The error for an archive into which the server wrote `errors.txt`: the only trace of a failed snapshot on old servers. */
export function snapshotError(bytes: Uint8Array): RelightError {
  const text = new TextDecoder().decode(bytes.subarray(0, 4096)).trim();
  return new RelightError("SNAPSHOT_INCOMPLETE", `the server gave up in the middle of the snapshot: ${text}`, {
    context: { entry: "errors.txt", text },
  });
}
