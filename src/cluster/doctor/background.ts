import type { Ledger } from "../ledger.ts";
import type { BackupCover } from "../plan/plan-request.ts";
import type { VerifiedStream } from "../verify/verified-stream.ts";

/** What some checks need to know besides a picture; what is undefined was not given. */
export interface Background {
  /** RFC 3339. */
  readonly now: string;
  /** What was known before this look. */
  readonly ledger?: Ledger | undefined;
  readonly backups?: readonly BackupCover[] | undefined;
  /** What the replicas were found to hold. */
  readonly verified?: readonly VerifiedStream[] | undefined;
  /** Where the servers' monitoring can be asked over HTTP. */
  readonly monitoring?: readonly MonitoringPort[] | undefined;
}

export interface MonitoringPort {
  readonly server: string;
  /** The address that it listens on: "0.0.0.0" is all. */
  readonly host: string;
  readonly port: number;
}
