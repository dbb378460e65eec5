import { streamKey } from "../../cluster/ledger.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { ErrorCode, RelightError } from "../../errors.ts";

/** A step of one stream that failed, which keeps the others from nothing. */
export interface Failure {
  readonly step: string;
  readonly error: Pick<RelightError, "code" | "message" | "hint">;
}

/** Steps that change nothing but their own stream: where one fails, the others are no less safe than before. */
const ofOneStream: ReadonlySet<PlanStep["kind"]> = new Set([
  "restore",
  "delete-stub",
  "scale-up",
  "back-up-first",
  "salvage",
]);
/** Errors that another attempt may not meet: a server died under the step, or did not answer in time. */
const passing: ReadonlySet<ErrorCode> = new Set([
  "TIMEOUT",
  "CONNECTION_LOST",
  "JETSTREAM_UNAVAILABLE",
  "STREAM_OFFLINE",
  "SNAPSHOT_STALLED",
  "RESTORE_FAILED",
  "STEP_UNVERIFIED",
]);

/** Errors after which it is known that nothing in the cluster is other than before. */
export const isAnswer = ({ code }: Pick<RelightError, "code">): boolean =>
  code === "RESTORE_REFUSED" || code === "PLAN_OUTDATED" || code === "ARCHIVE_DAMAGED" || code === "FILE_SYSTEM";

/** The stream that a step is about; null: it is about none. */
export const streamOfStep = ({ account, stream }: PlanStep["target"]): string | null =>
  account === null || stream === null ? null : streamKey(account, stream);

/** What became of the steps of a run: which were done, which failed, and which of those may be tried once more. */
export class Tally {
  /** Ids of the steps that were done: none is done twice, but for those of a stream that is tried again. */
  readonly done = new Set<string>();
  /** By the stream's key. */
  readonly failed = new Map<string, Failure>();
  readonly #tried = new Set<string>();

  /**
   * Notes a failure, and says what follows. `go-on`: it is that stream's own trouble, and everything that does not hang on it is done
   * all the same. `look-again`: the cluster changed under the step, so the failure says nothing of the step; once only. `stop`: else.
   */
  fail(step: PlanStep, error: Failure["error"], changed: boolean): "go-on" | "look-again" | "stop" {
    const key = streamOfStep(step.target);
    if (key !== null && ofOneStream.has(step.kind)) {
      this.failed.set(key, { step: step.id, error });
      return "go-on";
    }
    if (!changed || this.#tried.has(step.id)) return "stop";
    this.#tried.add(step.id);
    return "look-again";
  }

  /** Once all else is done: lets the streams be tried once more whose failure may have passed. False: there are none. */
  again(): boolean {
    const chosen = [...this.failed].filter(([key, { error }]) => passing.has(error.code) && !this.#tried.has(key));
    for (const [key] of chosen) {
      this.#tried.add(key);
      this.failed.delete(key);
      for (const id of this.done) if (id.endsWith(`:${key}`)) this.done.delete(id);
    }
    return chosen.length > 0;
  }

  /** Streams of which a step was not done as something was not as planned: for a person, and no failure. */
  get surprises(): readonly Failure[] {
    return [...this.failed.values()].filter(({ error }) => error.code === "PLAN_OUTDATED");
  }

  get failures(): readonly Failure[] {
    return [...this.failed.values()].filter(({ error }) => error.code !== "PLAN_OUTDATED");
  }
}
