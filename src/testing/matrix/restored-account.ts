import type { NatsConnection } from "@nats-io/nats-core";
import type { Session } from "../../jetstream/session.ts";
import { readBackup } from "../../operations/stream-restore/read-backup.ts";
import { restoreStreams, type StreamRestoreResult } from "../../operations/stream-restore/restore-streams.ts";
import { compareStreams } from "../compare-streams.ts";
import { describeDifferences } from "../difference.ts";
import { readStream } from "../read-stream.ts";
import type { BackedUpAccount, BackedUpStream } from "./backed-up-account.ts";
import type { ExpectedOutcome } from "./expected-outcome.ts";
import { isServersOwn, type RestorePair, restoreTolerances } from "./restore-tolerances.ts";

/** What became of each stream, by name. */
export type RestoredAccount = ReadonlyMap<string, StreamRestoreResult>;

/** Restores every backup of an account; a stream that fails is a result and no error. */
export async function restoreAccount(
  session: Session,
  account: BackedUpAccount,
  replicas?: number,
): Promise<RestoredAccount> {
  const results = await restoreStreams(session, {
    stored: await readBackup(account.directory),
    wishes: { ifExists: "fail", ...(replicas === undefined ? {} : { replicas }) },
    tool: "relight test",
  });
  return new Map(results.map((result) => [result.stream, result]));
}

/** In what a result is not the expected one; undefined where it is. */
export function unexpectedOutcome(
  name: string,
  result: StreamRestoreResult | undefined,
  expected: ExpectedOutcome,
): string | undefined {
  if (result === undefined) return `${name}: no result`;
  const why = "error" in result ? `: ${result.error.message}` : "";
  const is = `${name}: ${result.status}${why}`;
  if (expected === "restored") return result.status === "restored" ? undefined : is;
  const codes = result.status === "refused" ? (result.plan?.refusals.map(({ code }) => code) ?? []) : [];
  const right = result.status === "refused" && result.error.code === "RESTORE_REFUSED";
  return right && codes.some((code) => expected.refused.includes(code))
    ? undefined
    : `${is} [${codes.join(", ")}], and it should have been refused for ${expected.refused.join(" or ")}`;
}

/** Lines for each stream that is not what it was; "" when all are. */
export async function differencesOf(
  nc: NatsConnection,
  streams: readonly BackedUpStream[],
  pair: RestorePair,
): Promise<string> {
  const lines: string[] = [];
  for (const { name, before } of streams) {
    try {
      const after = await readStream(nc, name);
      const differences = compareStreams(before, after, restoreTolerances(before, pair)).filter(
        (difference) => !isServersOwn(difference, before, after, pair),
      );
      if (differences.length > 0) lines.push(`${name}: ${describeDifferences(differences)}`);
    } catch (error) {
      lines.push(`${name}: ${String(error)}`);
    }
  }
  return lines.join("\n");
}
