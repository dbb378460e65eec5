import { join } from "node:path";
import type { Sample } from "../../cluster/picture.ts";
import { noWords } from "../../cluster/plan/plan-request.ts";
import { recoverCluster } from "../cluster-recovery/recover-cluster.ts";
import type { DrillStep } from "./drill-report.ts";
import type { DrillSessions } from "./drill-sessions.ts";

/** What the recovery is given. */
export interface DrillRecovery {
  readonly sessions: DrillSessions;
  /** The file in which the good days are remembered. */
  readonly ledger: string;
  /** An account directory. */
  readonly backups: string;
  /** For what the recovery writes: the audit log, further backups. */
  readonly directory: string;
  /** The server that will not come back. */
  readonly gone: string;
  /** A look that was taken when it was silent already. */
  readonly earlier: Sample;
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onStep: (step: DrillStep) => void;
}

export interface DrillOutcome {
  readonly whole: boolean;
  /** What is left for a person, in words. */
  readonly left: readonly string[];
}

/** Recovers as `relight cluster apply --gone <server> --backups <dir> --yes` does. Throws CANCELLED, and what that throws. */
export async function recoverDrill(recovery: DrillRecovery): Promise<DrillOutcome> {
  const { sessions, ledger, backups, directory, gone, earlier, tool, signal, onStep } = recovery;
  const { status, left } = await recoverCluster(
    {
      system: sessions.system,
      account: sessions.session,
      words: { ...noWords, gone: [gone] },
      backups: [backups],
      ledger,
      audit: join(directory, "audit.jsonl"),
      newBackups: join(directory, "new-backups"),
      earlier,
      tool,
      // A drill that waits longer for something has failed.
      maxWaitMs: 120_000,
    },
    {
      signal,
      onEvent: (event) => {
        if (event.kind !== "step-ended") return;
        const { id, kind, why, state, seconds, error } = event.step;
        onStep({ id, kind, why: error?.message ?? why, state: state === "done" ? "done" : "failed", seconds });
      },
    },
  );
  return {
    whole: status === "recovered" || status === "whole",
    left: left.map(({ text, cure }) => `${text}. ${cure}`),
  };
}
