import type { Ledger } from "../../cluster/ledger.ts";
import type { Sample } from "../../cluster/picture.ts";
import { interimRecover } from "../../testing/cluster-harness/interim-executor.ts";
import type { DrillStep } from "./drill-report.ts";
import type { DrillSessions } from "./drill-sessions.ts";

/** What the recovery is given. */
export interface DrillRecovery {
  readonly sessions: DrillSessions;
  readonly ledger: Ledger;
  /** An account directory. */
  readonly backups: string;
  /** For what the recovery writes: the audit log, further backups. */
  readonly directory: string;
  /** The server that will not come back. */
  readonly gone: string;
  /** A look that was taken when it was silent already. */
  readonly earlier: Sample;
  readonly signal: AbortSignal;
  readonly onStep: (step: DrillStep) => void;
}

export interface DrillOutcome {
  readonly whole: boolean;
  /** What is left for a person, in words. */
  readonly left: readonly string[];
}

/** Recovers as `relight cluster apply --gone <server> --backups <dir> --yes` does. */
export async function recoverDrill(recovery: DrillRecovery): Promise<DrillOutcome> {
  const { sessions, ledger, backups, directory, gone, earlier, onStep } = recovery;
  const { session, system } = sessions;
  const outcome = await interimRecover({
    session,
    system,
    ledger,
    backups: [backups],
    words: { gone: [gone] },
    earlier,
    directory,
    log: () => {},
  });
  for (const step of outcome.done) onStep({ ...step, state: "done" });
  return { whole: outcome.plan.steps.length === 0, left: outcome.plan.steps.map(({ id, why }) => `${id}: ${why}`) };
}
