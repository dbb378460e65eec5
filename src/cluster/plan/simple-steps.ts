import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** Reads what a stream without a leader still gives, before anything is done that could cost it. */
export function salvageStep(view: View, stream: StreamStanding): PlanStep {
  return makeStep({
    kind: "salvage",
    id: stream.key,
    target: { account: stream.account, stream: stream.name },
    why: `${stream.key} has no leader, and a replica that answers can still be read by direct get`,
    risk: view.rules.batchDirectGet
      ? "none"
      : "none; it reads one message per request, which takes long for large streams",
    verify: verifications.backupProven,
    safe: true,
    arguments: { lastSeq: stream.replicas[0]?.state.lastSeq ?? null },
  });
}

/** Nothing may be done: look again, or a person has to change something first. */
export function holdStep(
  id: string,
  blockers: readonly Blocker[],
  why = blockers.map(({ text }) => text).join("; "),
): PlanStep {
  return makeStep({ kind: "wait", id, why, verify: verifications.oneMetaLeader, safe: true, waiting: true, blockers });
}

/** What Relight has no safe way for. */
export function ask(
  id: string,
  why: string,
  cure: string,
  target: Partial<PlanStep["target"]> = {},
  evidence: readonly string[] = [],
): PlanStep {
  return makeStep({
    kind: "ask",
    id,
    target,
    by: "operator",
    why,
    verify: verifications.person,
    blockers: [{ code: "person", text: why, cure }],
    evidence,
  });
}
