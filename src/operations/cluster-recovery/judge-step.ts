import { keepsUp } from "../../cluster/keeps-up.ts";
import { candidates } from "../../cluster/plan/candidates.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { StreamStanding } from "../../cluster/plan/stream-standing.ts";
import type { View } from "../../cluster/plan/view.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { judgeRemoval } from "./judge-removal.ts";
import { lessThanBefore } from "./less-than-before.ts";

/** How far a step is that was begun. Pure. */
export interface Judgement {
  /** What is still lacking, for a person; empty: it is done, as far as this look shows. */
  readonly lacks: readonly string[];
  /** How many looks in a row must show it. */
  readonly looks: number;
}

const lacking = (lacks: readonly string[], looks = 1): Judgement => ({ lacks, looks });

/**
 * Holds what is seen now against what a step is to bring about. `before` is the view that the step was planned in, `now` one of two
 * looks in a row. Steps that prove themselves, as a backup does, lack nothing.
 */
export function judgeStep(step: PlanStep, before: View, now: View): Judgement {
  switch (step.verify.done) {
    case "member-gone-and-healed":
      return lacking(judgeRemoval(step, before, now), 3);
    case "leader-stable":
      return step.target.consumer === null
        ? lacking(ofStream(step, now, unled), 3)
        : lacking(consumerLacks(step, now), 3);
    case "replicas-current":
      return lacking(
        ofStream(step, now, (stream) => replicaLacks(step, before, now, stream)),
        3,
      );
    case "survivor-leads":
      return lacking(ofStream(step, now, (stream) => survivorLacks(step, before, stream)));
    case "server-empty":
      return lacking(serverLacks(step, now), 3);
    case "one-meta-leader":
      return lacking(now.meta.kind === "led" ? [] : [now.meta.why || "no server leads the meta group"]);
    case "stream-gone":
      return lacking(goneLacks(step, now));
    case "content-equal":
      return lacking(ofStream(step, now, unled));
    case "backup-proven":
    case "member-current":
    case "offline-flagged":
    case "person":
      return lacking([]);
  }
}

const keyOf = ({ target }: PlanStep): string => `${target.account}/${target.stream}`;

/** By its account's own list; what only the ledger remembers is no stream any more. */
function find(step: PlanStep, { streams }: View): StreamStanding | undefined {
  return streams.find(({ key, seen }) => key === keyOf(step) && seen !== null);
}

/** Only a list that is complete says that it is gone. */
function goneLacks(step: PlanStep, now: View): readonly string[] {
  const account = now.request.picture.later.accounts.find(({ name }) => name === step.target.account);
  if (account === undefined || !isSeen(account.inventory))
    return [`account ${step.target.account} does not list its streams`];
  return find(step, now) === undefined ? [] : [`${keyOf(step)} is still there`];
}

function ofStream(step: PlanStep, now: View, judge: (stream: StreamStanding) => readonly string[]): readonly string[] {
  const stream = find(step, now);
  return stream === undefined ? [`${keyOf(step)} does not answer`] : judge(stream);
}

function unled({ key, leader, alive, dead, peers }: StreamStanding): readonly string[] {
  if (leader === null) return [`${key} has no leader`];
  const behind = peers.filter(({ name, standing }) => {
    return alive.includes(name ?? "") && !dead.includes(name ?? "") && isSeen(standing) && !keepsUp(standing);
  });
  return behind.map(({ name, standing }) => `${name} of ${key} is ${isSeen(standing) ? standing.lag : "?"} behind`);
}

function consumerLacks({ target }: PlanStep, now: View): readonly string[] {
  const stream = now.streams.find(({ account, name }) => account === target.account && name === target.stream);
  const consumers = stream?.seen === undefined || stream.seen === null ? [] : seenOr(stream.seen.consumers, []);
  const consumer = consumers.find(({ name }) => name === target.consumer);
  return consumer && seenOr(consumer.leader, null) !== null ? [] : [`${target.consumer} has no leader`];
}

function replicaLacks(step: PlanStep, before: View, now: View, stream: StreamStanding): readonly string[] {
  const { key, group, moving, seen } = stream;
  const lacks = [...unled(stream)];
  const wanted = step.arguments.replicas ?? stream.settings?.replicas ?? stream.wanted ?? 1;
  const size = group?.length ?? 0;
  if (moving) lacks.push(`${key} is moving${seen?.desired ? `: ${seen.desired.description}` : ""}`);
  // Where no server can take one more, the next plan says so.
  const room = candidates(now, stream, group ?? []).names.length;
  if (size < wanted && (step.arguments.replicas !== null || room > 0))
    lacks.push(`${key} has ${size} of ${wanted} peers`);
  if (step.kind === "move" && step.target.server !== null && group?.includes(step.target.server)) {
    lacks.push(`${key} is still on ${step.target.server}`);
  }
  if (step.kind === "peer-remove" && step.target.server !== null && group?.includes(step.target.server)) {
    lacks.push(`${key} still counts ${step.target.server}`);
  }
  return [...lacks, ...lessThanBefore(stream, before)];
}

function survivorLacks(step: PlanStep, before: View, stream: StreamStanding): readonly string[] {
  const { key, leader, alive, state } = stream;
  if (leader === null || !alive.includes(leader)) return [`${key} has no leader that answers`];
  const wanted = step.arguments.lastSeq;
  if (state === null) return [`${key} does not tell what it holds`];
  if (wanted !== null && state.lastSeq < wanted) return [`${key} ends at ${state.lastSeq}, and ended at ${wanted}`];
  const was = before.streams.find((one) => one.key === key)?.replicas[0]?.state;
  // Limits may take messages from the front meanwhile; then the first sequence is another one.
  if (was && was.firstSeq === state.firstSeq && state.messages < was.messages) {
    return [`${key} has ${state.messages} messages, and had ${was.messages}`];
  }
  if (
    stream.settings !== null &&
    step.arguments.replicas !== null &&
    stream.settings.replicas > step.arguments.replicas
  ) {
    return [`${key} is not scaled down yet`];
  }
  return [];
}

function serverLacks({ target }: PlanStep, now: View): readonly string[] {
  const { server } = target;
  const on = now.streams.filter(({ group, replicas }) => {
    return group?.includes(server ?? "") || replicas.some((replica) => replica.server === server);
  });
  const lacks = on.map(({ key }) => `${key} is still on ${server}`);
  return [...lacks, ...now.streams.flatMap((stream) => (stream.moving ? [`${stream.key} is moving`] : unled(stream)))];
}
