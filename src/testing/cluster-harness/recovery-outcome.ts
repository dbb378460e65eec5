import assert from "node:assert/strict";
import type { RecoveryEvent, RecoveryOutcome } from "../../operations/cluster-recovery/recovery-request.ts";

/** Asserts that everything was done and verified, and nothing is left. */
export function assertRecovered({ status, summary, steps, left }: RecoveryOutcome): void {
  const said = [
    ...steps.map(({ id, state, error }) => `${id} ${state} ${error?.message ?? ""}`),
    ...left.map(({ text }) => text),
  ];
  assert.equal(status, "recovered", `${summary}\n${said.join("\n")}`);
}

/** Ids of the steps that were done, in their order. */
export const stepsDone = ({ steps }: RecoveryOutcome): readonly string[] =>
  steps.filter(({ state }) => state === "done").map(({ id }) => id);

/** With RELIGHT_SHOW=1, for whoever looks why a story does not end well. */
export function showEvent(event: RecoveryEvent): void {
  if (!process.env.RELIGHT_SHOW) return;
  const at = new Date().toISOString();
  if (event.kind === "planned") {
    const steps = event.plan.steps.map(
      ({ id, state, blockers }) => `${id} ${state} ${blockers.map(({ code }) => code)}`,
    );
    console.error(`${at} ${event.plan.outlook}: ${steps.join(", ")}`);
  } else if (event.kind === "progress") console.error(`${at}   ${event.step.id}: ${event.text}`);
  else if (event.kind === "step-ended")
    console.error(`${at}   ${event.step.id} ${event.step.state} ${event.step.error?.message ?? ""}`);
  else if (event.kind === "changed") console.error(`${at} changed: ${event.changes.join("; ")}`);
  else console.error(`${at} ${event.kind} ${"step" in event ? event.step.id : event.waitMs}`);
}
