import { nameList } from "../name-list.ts";
import { isMeant } from "../peer-id.ts";
import { candidates } from "../plan/candidates.ts";
import type { Blocker, ClusterPlan, PlanStep } from "../plan/cluster-plan.ts";
import type { PlanRequest } from "../plan/plan-request.ts";
import type { ServerStanding } from "../plan/server-standing.ts";
import { viewOf } from "../plan/view.ts";
import { block } from "./group-facts.ts";

/** What the planner says of the removal of one server. */
export interface ServerRemoval {
  readonly server: ServerStanding | null;
  /** null: the plan has no such step. */
  readonly step: PlanStep | null;
  /** Why it should not be removed now. Empty: it can be. */
  readonly blockers: readonly Blocker[];
  /** Some of them hold whatever the operator says. */
  readonly absolute: boolean;
  /** What becomes of the streams on it, for a person. */
  readonly fates: readonly string[];
  /** Keys of those that no replica is left of. */
  readonly lost: readonly string[];
}

/** Reasons that no word of the operator overrides: the server is there, or nobody knows who decides. */
const absoluteCodes: ReadonlySet<string> = new Set(["answers", "no-step", "two-leaders", "no-sight"]);

/**
 * Judges the removal of a server by the plan that was made with the operator's word that it is gone. `word`: its name, its peer id,
 * or a name that the id of an unknown member follows from. Pure.
 */
export function judgeServerRemoval(word: string, request: PlanRequest, plan: ClusterPlan): ServerRemoval {
  const view = viewOf(request);
  const server = [...view.servers.values()].find((one) => isMeant(word, one)) ?? null;
  if (server === null || !server.member)
    return { server, step: null, blockers: [], absolute: false, fates: [], lost: [] };
  const step = plan.steps.find(({ id }) => id === `peer-remove:${server.name}`) ?? null;
  const blockers = step === null ? whyNoStep(server, plan) : whyNotYet(step, plan);
  const fates = view.streams.flatMap((stream) => {
    if (!stream.group?.includes(server.name)) return [];
    const { key, alive, wanted, group } = stream;
    if (alive.length === 0) return [`${key}: every replica is on what is gone`];
    if ((wanted ?? 1) === 1) return [`${key}: its one replica is on it`];
    const { names, need } = candidates(view, stream, group);
    return [
      `${key}: ${names.length > 0 ? `${nameList(names)} can take its replica` : `nobody can take its replica; needed: a server ${need}`}`,
    ];
  });
  const lost = view.streams.flatMap(({ key, group, alive }) =>
    group?.includes(server.name) && alive.length === 0 ? [key] : [],
  );
  return { server, step, blockers, absolute: blockers.some(({ code }) => absoluteCodes.has(code)), fates, lost };
}

function whyNoStep({ name, kind }: ServerStanding, plan: ClusterPlan): readonly Blocker[] {
  if (kind === "alive" || kind === "starting" || kind === "disabled") {
    const cure = `Only a server that is stopped for good may be removed. To empty it first: relight cluster apply --drain ${name}`;
    return [block("answers", `${name} answers`, cure)];
  }
  const found = plan.steps.flatMap(({ blockers }) => blockers);
  if (found.length > 0)
    return found.map((one) => ({ ...one, code: absoluteCodes.has(one.code) ? one.code : "no-step" }));
  return [block("no-step", plan.steps[0]?.why ?? plan.summary, "See what comes first: relight cluster plan.")];
}

function whyNotYet(step: PlanStep, plan: ClusterPlan): readonly Blocker[] {
  const first = step.after.flatMap((id) => {
    const before = plan.steps.find((one) => one.id === id);
    if (before === undefined) return [];
    const cure =
      before.by === "operator"
        ? (before.blockers[0]?.cure ?? "This is for a person to do.")
        : `relight cluster apply --gone ${step.target.server} does it, and the rest in order.`;
    return [block("comes-first", `${before.kind} comes first: ${before.why}`, cure)];
  });
  const until =
    step.state === "waiting"
      ? [block("waiting", `it has to wait${step.until === null ? "" : ` until ${step.until}`}`, "Wait.")]
      : [];
  return [...step.blockers, ...first, ...until];
}
