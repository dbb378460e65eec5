import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { SubjectRule } from "../../formats/subjects/subject-map.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";
import type { Refusal } from "../stream-restore/restore-plan.ts";
import type { StoreUsers } from "./find-store-users.ts";

/** What the operator asked for. */
export interface ExtractWishes {
  /** The account that gets the stream; in operator mode its public key. Default: `$G`. */
  readonly account?: string;
  /** Default: the name that the stream has in the archive. */
  readonly name?: string;
  /** Of the server that will be started on the store: the configuration is left with the fields that it knows. */
  readonly version?: ServerVersion;
  /** Set `max_age` to "never", so that the server does not empty an old stream when it starts. */
  readonly liftMaxAge?: boolean;
  /** Streams that are extracted into the account in the same run, with the last sequence of each: for those that copy from them. */
  readonly together?: ReadonlyMap<string, number>;
}

export interface ExtractSource {
  /** The backup's. */
  readonly config: StreamConfig;
  readonly facts: ArchiveFacts;
  /** RFC 3339; undefined where neither the archive nor a manifest says it. */
  readonly created: string | undefined;
  /** Messages older than the `max_age` that the stream will have. */
  readonly expired: number;
  /** Now, in milliseconds since 1970. */
  readonly now: number;
}

/** The user that extracts; undefined where the system knows no such thing. */
export type Self = { readonly uid: number } | undefined;

/** A stream that lies in the store already. */
export interface StoreStream {
  readonly name: string;
  /** Undefined where its description cannot be read, as in an encrypted store. */
  readonly subjects: readonly string[] | undefined;
}

/** A store directory as it was found. */
export interface StorePicture {
  /** Absolute, without symbolic links. */
  readonly directory: string;
  /**
   * `store` holds `jetstream/`, `empty` nothing at all; `inside` is the `jetstream` directory of a store itself, `other`
   * holds something else.
   */
  readonly kind: "store" | "empty" | "inside" | "other" | "missing";
  /** The directory of a raft group, relative: the store belongs to a server of a cluster. */
  readonly raft: string | undefined;
  /** Accounts that have a directory there. */
  readonly accounts: readonly string[];
  /** Streams of the account in question. */
  readonly streams: readonly StoreStream[];
  readonly encrypted: boolean;
  /** A stream there has an `index.db`: its server is of version 2.10 or newer. */
  readonly indexed: boolean;
  /** User and group whose files are there; undefined where the system knows no such thing. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly users: StoreUsers;
}

/** Everything that an extraction would do, as data. */
export interface ExtractPlan {
  readonly action: "extract" | "refuse";
  readonly stream: string;
  readonly account: string;
  /** Where the stream's files go. */
  readonly path: string;
  /** The store directory that it lies in. */
  readonly directory: string;
  readonly format: "v1" | "v2";
  /** What the server will find. */
  readonly config: StreamConfig;
  /** RFC 3339. */
  readonly created: string;
  /** Of files and directories, where they must belong to somebody else than this process. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Write an `index.db`, with which the server need not read every message before it is ready. */
  readonly index: boolean;
  /** The stream is empty, and the server notes the last sequence of such a one as nats-server 2.9 does. */
  readonly emptyAs29: boolean;
  /** What becomes of the messages' subjects: those of a bucket go with its name. */
  readonly subjectRules: readonly SubjectRule[];
  /** For `sources.db`: origins that are extracted in the same run, with the last sequence of each. */
  readonly restoredOrigins: Readonly<Record<string, number>> | undefined;
  /** How the configuration differs from the backup's, and why. */
  readonly changes: readonly string[];
  readonly notes: readonly string[];
  readonly refusals: readonly Refusal[];
  readonly expected: {
    readonly messages: number;
    readonly firstSequence: number;
    readonly lastSequence: number;
    readonly streamLastSequence: number;
    readonly consumers: readonly string[];
  };
}
