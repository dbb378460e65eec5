import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";
import type { AccountInfo, StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";
import type { ConsumersPlan } from "./plan-consumers.ts";

export type IfExists = "fail" | "skip" | "replace" | "side-by-side";

/** What the operator asked for. */
export interface RestoreWishes {
  /** A whole configuration instead of the backup's. */
  readonly config?: StreamConfig;
  readonly replicas?: number;
  readonly cluster?: string;
  readonly tags?: readonly string[];
  readonly ifExists: IfExists;
  /** Restore under this name. */
  readonly as?: string;
  readonly storage?: "file" | "memory";
  /** Restore a part of the messages only. */
  readonly cut?: EditSpec;
  /** Set `max_age` to "never" so that an old backup is not emptied at once. */
  readonly liftMaxAge?: boolean;
}

/** What the target looks like before anything is done. */
export interface RestoreTarget {
  readonly version: ServerVersion;
  /** True for a server that is in a cluster. */
  readonly clustered: boolean;
  readonly account: AccountInfo;
  /** All streams of the account that answer. */
  readonly streams: readonly StreamInfo[];
  /** Streams of the account that exist but do not answer. */
  readonly missing: readonly string[];
  readonly maxPayload: number;
}

export interface RestoreSource {
  readonly config: StreamConfig;
  readonly facts: ArchiveFacts;
  /** Messages older than the planned `max_age`, now or within a minute. */
  readonly expired: number;
  /** The version of the server that made the backup, where a manifest says it. */
  readonly serverVersion?: string;
}

/** A reason not to restore, with the cure. */
export interface Refusal {
  readonly code: string;
  readonly text: string;
  readonly cure: string;
}

/** Everything that a restore would do, as data: what `--dry-run` prints and what the executor walks. */
export interface RestorePlan {
  readonly stream: string;
  readonly action: "create" | "skip" | "replace" | "refuse";
  /** The configuration that is sent. */
  readonly config: StreamConfig;
  readonly format: "v1" | "v2";
  /**
   * `as-is` sends the archive's own bytes. `as-v1` turns a v2 archive into v1 on the way, which the server stores many
   * times faster, and with the stream's creation time; or it writes a v1 archive anew without its dead messages, which a
   * server could bring back after a restart. Streams in memory, which servers before 2.15 take no archive of, get their
   * messages one by one: `through-mirror` from a stream in files that the server copies, with their times; `by-message` as
   * they are published anew.
   */
  readonly route: "as-is" | "as-v1" | "through-mirror" | "by-message";
  /** With `as-v1`: what becomes of consumers that the server would not take as they are. */
  readonly consumerEdit: Pick<ConsumersPlan, "leaveOut" | "dropFields">;
  /** How the configuration differs from the backup's, and why. */
  readonly changes: readonly string[];
  readonly warnings: readonly string[];
  readonly refusals: readonly Refusal[];
  /** Rewrite the stored configuration afterwards: the archive's copy has fields that this server would trip over. */
  readonly settleConfig: boolean;
  readonly expected: {
    /** Messages in the archive. */
    readonly messages: number;
    /** Fewer than these afterwards is a failed restore, whatever the server answered. */
    readonly atLeast: number;
    readonly firstSequence: number;
    readonly lastSequence: number;
    readonly streamLastSequence: number;
    readonly consumers: readonly string[];
  };
}
