import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { RelightError } from "../../errors.ts";
import type { DropCounts } from "../edit/message-filter.ts";
import type { ArchiveFacts } from "./archive-facts.ts";

/** The name of Relight's own description inside a backup directory; the `nats` CLI ignores it. */
export const manifestName = "relight.json";
export const manifestVersion = 1;

export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface ManifestConsumer {
  readonly name: string;
  readonly config: { readonly [key: string]: unknown };
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  /** Absent in edited backups. */
  readonly num_pending?: number;
  /**
   * What the archive holds of it: `exact` = its state as it is; `behind` = a state that lies behind this record, which
   * was read from the consumer's leader (redeliveries follow a restore); `absent` = nothing.
   */
  readonly archived: "exact" | "behind" | "absent";
}

/**
 * What was backed up, when, from where, and what was proven about it. Written last: its presence says that the backup
 * was judged complete. Times are RFC 3339; sequences and sizes are numbers; sizes are in bytes.
 */
export interface Manifest {
  readonly relight: typeof manifestVersion;
  readonly tool: string;
  readonly stream: string;
  /** Absent, with `server`, where an edited backup's source did not say. */
  readonly created?: string;
  readonly server?: {
    readonly version: string;
    readonly name?: string;
    readonly cluster?: string;
    readonly leader?: string;
    readonly domain?: string;
  };
  readonly archive: ManifestFile & { readonly format: "v1" | "v2" };
  readonly files: readonly ManifestFile[];
  /** The server's words at the start of the snapshot. */
  readonly config: { readonly [key: string]: unknown };
  readonly state: { readonly [key: string]: unknown };
  /** What was counted in the archive. */
  readonly content: ArchiveFacts;
  readonly consumers: readonly ManifestConsumer[];
  readonly times: { readonly started: string; readonly finished: string; readonly seconds: number };
  readonly attempts: number;
  readonly verified: {
    readonly at: string;
    /** Which checks passed, in words. */
    readonly checks: readonly string[];
  };
  /** What moved in the stream while the backup ran. */
  readonly moved: readonly string[];
  readonly notes: readonly string[];
  /** Where the backup was made of another one. */
  readonly edit?: ManifestEdit;
}

/** What became of the messages and consumers of the source. */
export interface ManifestEdit {
  /** Name of the stream in the source. */
  readonly source: string;
  readonly source_messages: number;
  /** By the first filter that they failed. */
  readonly dropped: DropCounts;
  readonly dropped_consumers: readonly { readonly name: string; readonly reason: string }[];
  readonly dropped_pending: number;
  readonly obfuscated: boolean;
}

/**
 * Parses a manifest. Throws BACKUP_INVALID, naming `path`: what is no manifest, what is not what it was when it was written
 * (by its own `checksum`), and a newer manifest version, which is refused and not guessed at.
 */
export function parseManifest(text: string, path: string): Manifest {
  let value: Partial<Manifest> & { readonly checksum?: string };
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RelightError("BACKUP_INVALID", `${path} is not JSON`, { cause: error, context: { path } });
  }
  if (typeof value !== "object" || value === null || typeof value.relight !== "number") {
    throw new RelightError("BACKUP_INVALID", `${path} is not a manifest of Relight`, { context: { path } });
  }
  if (value.relight > manifestVersion) {
    throw new RelightError("BACKUP_INVALID", `${path} was written by a newer Relight (manifest ${value.relight})`, {
      context: { path },
      hint: "Use a Relight at least as new as the one that made the backup.",
    });
  }
  const archive = value.archive;
  if (
    typeof value.stream !== "string" ||
    typeof archive !== "object" ||
    archive === null ||
    typeof archive.name !== "string" ||
    typeof archive.bytes !== "number" ||
    !/^[0-9a-f]{64}$/.test(archive.sha256 ?? "")
  ) {
    throw new RelightError("BACKUP_INVALID", `${path} is not complete`, { context: { path } });
  }
  const { checksum, ...manifest } = value;
  if (checksum !== checksumOf(manifest as Manifest)) {
    throw new RelightError("BACKUP_INVALID", `${path} is not what it was when it was written: its checksum differs`, {
      context: { path },
      hint: "Restore without it: move it away, and the archive is proven anew, as far as it has checksums of its own.",
    });
  }
  return manifest as Manifest;
}

/** A restore believes what a manifest says, so it carries a checksum of itself. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, checksum: checksumOf(manifest) }, undefined, 2)}\n`;
}

/** SHA-256, lower-case hexadecimal, of the manifest without its checksum as JSON without white space. */
function checksumOf(manifest: Manifest): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(manifest))));
}
