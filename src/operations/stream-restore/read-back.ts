import { isRelightError, RelightError } from "../../errors.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import { isOwnConsumer } from "../../jetstream/capture/own-consumers.ts";
import type { Session } from "../../jetstream/session.ts";
import type { PreparedRestore } from "./prepare-restore.ts";
import { type RestoreOutcome, verifyRestored } from "./verify-restored.ts";

export interface ReadBack {
  readonly info: StreamInfo;
  readonly outcome: RestoreOutcome;
}

/** What the server has now, held against the archive: counts, consumers, and a sample of messages. Throws RESTORE_MISMATCH. */
export async function proveRestored(session: Session, prepared: PreparedRestore): Promise<ReadBack> {
  const found = await readBack(session, prepared);
  if (found.outcome.mismatches.length > 0) throw mismatch(prepared.plan.stream, found.outcome);
  return found;
}

async function readBack(session: Session, { plan, facts }: PreparedRestore): Promise<ReadBack> {
  const { api } = session;
  let info = await api.streamInfo(plan.stream);
  let consumers: readonly ConsumerInfo[] = [];
  let outcome: RestoreOutcome = { mismatches: [], notes: [], unsettled: [], consumers: [] };
  // In a cluster consumers are assigned, and expired messages removed, a moment after the answer.
  for (let attempt = 0; attempt < 20; attempt++) {
    consumers = (await api.consumers(plan.stream)).consumers;
    info = await api.streamInfo(plan.stream);
    outcome = verifyRestored(plan, facts, info, consumers);
    if (outcome.mismatches.length === 0 && outcome.unsettled.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  outcome = { ...outcome, notes: [...outcome.notes, ...outcome.unsettled] };
  // A snapshot of 2.15 has those by which Relight read the stream just then. Where they stay, the server removes them after a while.
  for (const { name } of facts.consumers.filter(({ config }) => isOwnConsumer(config))) {
    await api.request(`CONSUMER.DELETE.${plan.stream}.${name}`, undefined, { timeoutMs: 2_000 }).catch(() => {});
  }
  if (outcome.mismatches.length > 0 || info.state.messages !== facts.messages) return { info, outcome };
  const unreadable: number[] = [];
  for (const seq of facts.samples) {
    if (seq < info.state.first_seq) continue;
    try {
      await api.request(`STREAM.MSG.GET.${plan.stream}`, { seq });
    } catch (error) {
      if (isRelightError(error, "API_ERROR")) unreadable.push(seq);
      else throw error;
    }
  }
  if (unreadable.length === 0) return { info, outcome };
  // A message can have left between the two looks.
  const again = await api.streamInfo(plan.stream);
  if (again.state.messages < info.state.messages) return { info: again, outcome };
  return { info, outcome: { ...outcome, mismatches: [`sequences that cannot be read: ${unreadable.join(", ")}`] } };
}

/** A timeout or a lost connection leaves the outcome unknown: look, before calling it a failure. Undefined where it is one. */
export async function lateProof(
  session: Session,
  prepared: PreparedRestore,
  error: unknown,
): Promise<ReadBack | undefined> {
  if (!isRelightError(error, "TIMEOUT") && !isRelightError(error, "CONNECTION_LOST")) return undefined;
  try {
    const found = await readBack(session, prepared);
    return found.outcome.mismatches.length === 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

function mismatch(stream: string, outcome: RestoreOutcome): RelightError {
  return new RelightError("RESTORE_MISMATCH", `restore of "${stream}": ${outcome.mismatches.join("; ")}`, {
    context: { stream, mismatches: outcome.mismatches },
  });
}
