import type { NatsConnection } from "@nats-io/nats-core";
import type { PlanStep } from "../../../cluster/plan/cluster-plan.ts";
import type { BackupCover } from "../../../cluster/plan/plan-request.ts";
import type { View } from "../../../cluster/plan/view.ts";
import { RelightError } from "../../../errors.ts";
import { JetStreamApi } from "../../../jetstream/jetstream-api.ts";
import type { Session } from "../../../jetstream/session.ts";
import type { RestoreTarget } from "../../stream-restore/restore-plan.ts";

/** What a step is carried out with. */
export interface StepContext {
  readonly step: PlanStep;
  /** What the plan was made from. */
  readonly view: View;
  readonly system: NatsConnection;
  readonly account: Session | undefined;
  /** Where backups go that the step makes. */
  readonly newBackups: string;
  readonly tool: string;
  /** Of the streams that were restored so far, with the last sequence that each has in its backup: for those that copy from them. */
  readonly restored?: Map<string, number> | undefined;
  /** The account before any of the steps began that are done at the same time. */
  readonly target?: (() => Promise<RestoreTarget>) | undefined;
  readonly signal: AbortSignal | undefined;
  /** What is going on, for a person. */
  readonly say: (text: string) => void;
}

/** What a step brought to light while it was done; whether it had its effect is for the next look to say. */
export interface CarriedOut {
  readonly evidence: readonly string[];
  /** Backups that it made. */
  readonly covers?: readonly BackupCover[];
}

/** How long an answer is waited for, in ms. One that does not come may have been acted upon: the state tells. */
const answerMs = 4_000;

/**
 * Sends one request of the JetStream API. A missing answer is no failure: it is said, and the state decides. Throws what the API
 * answers: API_ERROR and others; nothing was done then.
 */
export async function ask(api: JetStreamApi, subject: string, body?: unknown): Promise<string> {
  try {
    await api.request(subject, body, { timeoutMs: answerMs });
    return `${api.prefix}.${subject} was answered`;
  } catch (error) {
    const unknown = error instanceof RelightError && (error.code === "TIMEOUT" || error.code === "CONNECTION_LOST");
    if (!unknown || api.connection.isClosed()) throw error;
    return `${api.prefix}.${subject} was not answered within ${answerMs / 1000} s: the state tells what came of it`;
  }
}

/** The system account's side of the API: always the cluster's own, whatever domain the account is in. */
export const systemApi = ({ system }: StepContext): JetStreamApi => new JetStreamApi(system);

/** Throws INTERNAL where the step is one of an account that there is no session of; it is not begun then. */
export function accountOf({ account, step }: StepContext): Session {
  if (account === undefined) throw new RelightError("INTERNAL", `${step.id} needs a session of its account`);
  return account;
}

/** The name of the stream that the step is about. */
export function streamOf({ step }: StepContext): string {
  const { stream } = step.target;
  if (stream === null) throw new RelightError("INTERNAL", `${step.id} names no stream`);
  return stream;
}

/** Something is not as the plan had it: nothing was done. */
export function surprise(text: string): RelightError {
  return new RelightError("PLAN_OUTDATED", text);
}
