import type { Ledger } from "../ledger.ts";
import type { Picture, StreamSettings } from "../picture.ts";

/** All that a plan is made from. */
export interface PlanRequest {
  readonly picture: Picture;
  readonly ledger: Ledger;
  readonly backups: readonly BackupCover[];
  readonly words: OperatorWords;
  readonly thresholds: Thresholds;
  /** RFC 3339. */
  readonly now: string;
}

/** A backup that could be restored. */
export interface BackupCover {
  /** null: it does not say; then it stands for the stream of that name, where only one account has one. */
  readonly account: string | null;
  readonly stream: string;
  readonly path: string;
  /** When the stream was created that it is of: another one of the same name is another stream. null: it does not say. */
  readonly created: string | null;
  readonly takenAt: string;
  /** The stream's last sequence in it. */
  readonly lastSeq: number;
  readonly messages: number;
  /** Its consumers, as the archive has them; null: it does not say. */
  readonly consumers: readonly BackedUpConsumer[] | null;
  /** Its configuration, as far as it decides where it can be restored; null: it does not say. */
  readonly settings: StreamSettings | null;
  /** It was read to its end and found whole. */
  readonly proven: boolean;
}

export interface BackedUpConsumer {
  readonly name: string;
  readonly ackFloor: number;
}

/** What only a person can know or decide. Streams are named "ACCOUNT/STREAM", servers by name or peer id. */
export interface OperatorWords {
  /** Servers that will not come back: stopped for good, and their storage is out of reach of a restart. */
  readonly gone: readonly string[];
  /** Streams whose loss, or what their backup lacks of them, is accepted; "ACCOUNT/*" for all of an account. */
  readonly released: readonly string[];
  /** Streams to be restored although a person may have deleted them. */
  readonly restore: readonly string[];
  /** Living servers to be emptied, so that they can be replaced. */
  readonly drain: readonly string[];
  /** Dead servers may be removed although streams then have fewer replicas than they should. */
  readonly withoutSpare: boolean;
}

/** Spans in ms. */
export interface Thresholds {
  /** A server that was silent for so long and is flagged offline counts as gone. */
  readonly goneAfterMs: number;
  /** A backup no older than this is fresh. */
  readonly freshBackupMs: number;
  /** A leader is waited for so long before anybody steps down: two elections. */
  readonly electionMs: number;
  /** What makes no progress for so long is stuck. */
  readonly stuckMs: number;
}

export const defaultThresholds: Thresholds = {
  goneAfterMs: 600_000,
  freshBackupMs: 86_400_000,
  electionMs: 20_000,
  stuckMs: 600_000,
};

export const noWords: OperatorWords = { gone: [], released: [], restore: [], drain: [], withoutSpare: false };
