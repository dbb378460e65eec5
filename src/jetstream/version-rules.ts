import { isAtLeast, type ServerVersion } from "./server-version.ts";

/**
 * What differs between server versions in the conversations that Relight has with them. One table, so that no other
 * file compares version numbers. Source: nats-server tags, and the behaviour of released binaries.
 */
export interface VersionRules {
  /** The archive format that this server writes into a snapshot. */
  readonly writes: "v1" | "v2";
  /** The archive formats that it accepts in a restore. */
  readonly accepts: readonly ("v1" | "v2")[];
  /** `window_size` is understood (2.12.5, 2.14.0); strict servers refuse unknown fields, so it is never sent to others. */
  readonly windowSize: boolean;
  /** A snapshot that ends says how it ended in a status header (2.10.12); before that success and failure look alike. */
  readonly endStatus: boolean;
  /** Streams in memory can be snapshot and restored (2.15). */
  readonly memorySnapshots: boolean;
  /** Reads `index.db` and tombstones (2.10); an older server brings deleted messages of a newer archive back. */
  readonly readsDeletes: boolean;
  /** `first_seq` in a restored configuration empties the stream (2.10 only). */
  readonly firstSequenceEmptiesStream: boolean;
  /** Knows `first_seq` at all. */
  readonly firstSequence: boolean;
  /** Anything behind the end of a v1 archive makes the final answer fail, although the stream is created (2.12.6 to 2.14). */
  readonly failsOnTrailingBytes: boolean;
  /** A stream that sources another begins anew when that one's creation time is not the one it knew (2.15). */
  readonly remembersOrigins: boolean;
  /** Deletes and acks are refused while a snapshot runs (up to 2.11.11 and 2.12.2), which desyncs replicas on R3. */
  readonly snapshotBlocksDeletes: boolean;
  /** A stream grows past its limits while a snapshot runs, and is cut back afterwards (2.9, as measured). */
  readonly limitsWaitForSnapshot: boolean;
}

export function versionRules(version: ServerVersion): VersionRules {
  const v2 = isAtLeast(version, 2, 15);
  const is210 = version.major === 2 && version.minor === 10;
  return {
    writes: v2 ? "v2" : "v1",
    accepts: v2 ? ["v1", "v2"] : ["v1"],
    windowSize: isAtLeast(version, 2, 12, 5),
    endStatus: isAtLeast(version, 2, 10, 12),
    memorySnapshots: v2,
    readsDeletes: isAtLeast(version, 2, 10),
    firstSequenceEmptiesStream: is210,
    firstSequence: isAtLeast(version, 2, 10),
    failsOnTrailingBytes: isAtLeast(version, 2, 12, 6) && !v2,
    remembersOrigins: v2,
    limitsWaitForSnapshot: !isAtLeast(version, 2, 10),
    snapshotBlocksDeletes:
      version.minor <= 10 ||
      (version.minor === 11 && version.patch < 12) ||
      (version.minor === 12 && version.patch < 3),
  };
}
