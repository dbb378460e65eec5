import type { NatsConnection } from "@nats-io/nats-core";
import type { ClusterStatus } from "../../cluster/cluster-status.ts";
import type { Picture } from "../../cluster/picture.ts";
import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import type { Unasked } from "../../cluster/watch/unasked.ts";
import type { WatchedChange } from "../../cluster/watch/watched-things.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { Session } from "../../jetstream/session.ts";
import type { RecoveryEvent, RecoveryOutcome } from "../cluster-recovery/recovery-request.ts";

/** The connections that a watch looks through. Without `system` only the account's own streams are seen, and nothing is planned. */
export interface WatchEyes extends AsyncDisposable {
  readonly account: JetStreamApi | undefined;
  readonly session: Session | undefined;
  /** Sessions of further accounts. */
  readonly others?: readonly Session[];
  readonly system: NatsConnection | undefined;
}

/** What is watched, and what may be done. Spans in ms. */
export interface WatchRequest {
  /** The connections to begin with; the watch closes them. */
  readonly first: WatchEyes;
  /** New ones in their place, where those are lost for good; also to the servers that those were told of. */
  readonly open: (told: readonly string[]) => Promise<WatchEyes>;
  /** From the begin of one look to the begin of the next. */
  readonly intervalMs: number;
  /** How long a server has to be silent to count as gone, for what is proposed and for what is done unasked. */
  readonly goneAfterMs: number;
  /** Directories of backups that lost streams may be restored from: read again as long as something is wrong. */
  readonly backups: readonly string[];
  /** The file in which it is remembered what the cluster holds; null: none. */
  readonly ledger: string | null;
  /** Do by itself what `mayActUnasked` allows. Needs a ledger and a connection of the system account. */
  readonly auto: boolean;
  readonly audit?: string;
  readonly tool: string;
}

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: WatchEvent) => void;
}

/** What is proposed, and whether it may be done unasked. */
export interface Proposal {
  readonly plan: ClusterPlan;
  readonly unasked: Unasked;
}

export type WatchEvent =
  /** After every look. `proposal` is null until there were two looks far enough apart, and without the system account. */
  | {
      readonly kind: "looked";
      readonly status: ClusterStatus;
      readonly picture: Picture;
      readonly proposal: Proposal | null;
    }
  | { readonly kind: "changed"; readonly at: string; readonly changes: readonly WatchedChange[] }
  /** Another proposal than before, not for a passing wait. */
  | { readonly kind: "proposed"; readonly at: string; readonly proposal: Proposal }
  /** Nothing is seen any more; it is tried again. */
  | { readonly kind: "lost"; readonly at: string; readonly reason: string }
  | { readonly kind: "back"; readonly at: string; readonly seconds: number }
  /** It begins to do by itself what it proposes. */
  | { readonly kind: "acting"; readonly at: string; readonly proposal: Proposal }
  | { readonly kind: "recovery"; readonly at: string; readonly event: RecoveryEvent }
  | { readonly kind: "acted"; readonly at: string; readonly outcome: RecoveryOutcome }
  /** It will do nothing more by itself, until it is started again. */
  | { readonly kind: "stood-down"; readonly at: string; readonly reason: string }
  /** Something beside the cluster is wrong, and it goes on. */
  | { readonly kind: "trouble"; readonly at: string; readonly text: string; readonly hint: string };

/** What a watch came to. */
export interface WatchSummary {
  readonly looks: number;
  readonly seconds: number;
  /** What it did by itself, in order. */
  readonly recoveries: readonly RecoveryOutcome[];
  /** It was ended while it was at work on the cluster: what is left is in the last recovery. */
  readonly cutOff: boolean;
}
