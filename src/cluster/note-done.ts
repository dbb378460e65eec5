import { type Ledger, type LedgerStream, streamKey, withEntry, withoutBaseline, withStream } from "./ledger.ts";
import type { PlanStep } from "./plan/cluster-plan.ts";

/**
 * What the ledger has to remember of a step that was done and verified, because no picture tells of it: that a leader stepped down
 * already, how many replicas a stream had, that Relight itself deleted one to restore it, which server must not come back, and that a restored stream begins a new history.
 */
export function noteDone(ledger: Ledger, step: Pick<PlanStep, "kind" | "target" | "arguments">, at: string): Ledger {
  const { server, account, stream, consumer } = step.target;
  const key = account !== null && stream !== null ? streamKey(account, stream) : null;
  switch (step.kind) {
    case "peer-remove":
      if (key !== null || server === null) return ledger;
      return {
        ...ledger,
        servers: ledger.servers.map((one) => (one.name === server ? { ...one, removedAt: at } : one)),
      };
    case "step-down":
      if (key === null) return ledger;
      if (consumer === null) return withStream(ledger, key, (one) => ({ ...one, stepDownAt: at }));
      return withStream(ledger, key, (one) => ({
        ...one,
        consumers: one.consumers.map((known) => (known.name === consumer ? { ...known, stepDownAt: at } : known)),
      }));
    case "scale-down":
      // The first number counts, should it take more than one step.
      return key === null
        ? ledger
        : withStream(ledger, key, (one) => ({ ...one, scaledFrom: one.scaledFrom ?? one.replicas, stepDownAt: null }));
    case "scale-up":
      return key === null ? ledger : withStream(ledger, key, (one) => ({ ...one, scaledFrom: null }));
    case "delete-stub":
      // From here on its absence is no riddle: it is to be restored.
      return key === null ? ledger : withStream(ledger, key, (one) => ({ ...one, deletedAt: at, restoringAt: null }));
    case "restore":
      // Restored with fewer replicas than it had: they are given back.
      return key === null
        ? ledger
        : withStream(ledger, key, (one) => ({
            ...withoutBaseline(one),
            restoredFrom: originsOf(one, step.arguments.created),
            scaledFrom:
              step.arguments.replicas !== null && (one.replicas ?? 1) > step.arguments.replicas ? one.replicas : null,
          }));
    default:
      return ledger;
  }
}

/** When the streams were created whose history a restored one goes on with: a restore gives it a time of its own. */
function originsOf({ created, restoredFrom = [] }: LedgerStream, of: string | null): readonly string[] {
  if (of === null) return [];
  return of === created || restoredFrom.includes(of) ? [...new Set([...restoredFrom, of])] : [of];
}

/**
 * What the ledger has to remember of a step before it is sent: sent and never answered, or followed by a kill, it may have been done
 * all the same, and then nothing else would tell that Relight did it. Where it turns out not to have been done, this is harmless.
 */
export function noteBegun(ledger: Ledger, step: Pick<PlanStep, "kind" | "target" | "arguments">, at: string): Ledger {
  const { account, stream } = step.target;
  switch (step.kind) {
    case "peer-remove":
    case "scale-down":
      return noteDone(ledger, step, at);
    case "delete-stub":
      return account === null || stream === null
        ? ledger
        : withStream(ledger, streamKey(account, stream), (one) => ({ ...one, deletedAt: at }));
    case "restore":
      return account === null || stream === null
        ? ledger
        : withStream(
            withEntry(ledger, account, stream, step.arguments.created, at),
            streamKey(account, stream),
            (one) => ({
              ...one,
              restoringAt: at,
            }),
          );
    default:
      return ledger;
  }
}
