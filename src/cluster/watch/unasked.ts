import { keepsUp } from "../keeps-up.ts";
import { streamKey } from "../ledger.ts";
import type { ClusterPlan, PlanStep } from "../plan/cluster-plan.ts";
import { consumersOn } from "../plan/plan-consumers.ts";
import type { ServerStanding } from "../plan/server-standing.ts";
import type { StreamStanding } from "../plan/stream-standing.ts";
import type { View } from "../plan/view.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { Vigil } from "./vigil.ts";

/** All that it is decided from whether a plan may be carried out although nobody was asked. */
export interface UnaskedQuestion {
  readonly plan: ClusterPlan;
  /** What the plan was made from. */
  readonly view: View;
  readonly vigil: Vigil;
  /** Servers that do not answer as servers do, and of which something shows all the same that they run; with what it was. */
  readonly signsOfLife: ReadonlyMap<string, string>;
  /** Ids of the steps of a replacement that was begun unasked, and may be ended; empty: none was. */
  readonly begun: ReadonlySet<string>;
}

/** Whether it may, and if not, every reason why. */
export interface Unasked {
  readonly may: boolean;
  readonly reasons: readonly Reservation[];
}

export interface Reservation {
  readonly code: ReservationCode;
  /** For a person. */
  readonly text: string;
}

export type ReservationCode =
  /** There is nothing that can be done now. */
  | "nothing-ready"
  /** A step is blocked, or for a person. */
  | "person"
  /** A step is about another account than the ordinary credential's. */
  | "account"
  /** A step is not marked as safe, or is of a kind that a person is always asked about. */
  | "step-not-safe"
  /** It is no replacement of one dead server. */
  | "no-replacement"
  | "inventory"
  | "meta-group"
  /** Another server is not as it should be. */
  | "other-server"
  /** A stream or consumer has another trouble than the dead server, or may lose something by its removal. */
  | "stream-trouble"
  | "signs-of-loss"
  /** The watch did not see the server live and die. */
  | "not-seen-dying"
  /** It has not seen it dead for long enough yet: a matter of time. */
  | "not-silent-enough"
  | "runs"
  | "no-spare"
  /** What an R1 held when its server died was not seen closely enough to call a backup of it fresh. */
  | "baseline";

/** Nothing else is ever done unasked, whatever a plan calls safe. */
const kinds: ReadonlySet<PlanStep["kind"]> = new Set([
  "wait",
  "back-up-first",
  "peer-remove",
  "delete-stub",
  "restore",
]);

/** So many members must be left that answer: with two, the next failure would cost the quorum. */
const leastMembers = 3;

/** What an R1 held must have been seen so shortly before its server was last heard, in ms. */
const baselineMs = 30_000;

/**
 * What may be done unasked: one dead server is replaced, its R1 streams restored from fresh backups, and nothing else, while
 * everything else in the cluster is as it should be. The whole plan counts, not its first step: what would end at something that a person
 * has to decide is not begun. Every reason against it is given. Pure.
 */
export function mayActUnasked(question: UnaskedQuestion): Unasked {
  const { plan, view, begun } = question;
  const nothing: Reservation = { code: "nothing-ready", text: plan.summary };
  // What is blocked for a person has more reasons than that, and they are told.
  if (plan.outlook !== "act" && plan.outlook !== "blocked") return { may: false, reasons: [nothing] };
  const changes = plan.steps.filter(({ kind }) => kind !== "wait");
  const removals = changes.filter(({ kind }) => kind === "peer-remove");
  const goesOn = begun.size > 0 && removals.length === 0 && changes.every(({ id }) => begun.has(id));
  const reasons = [
    ...(plan.steps.some(({ state, by }) => state === "ready" && by === "relight") ? [] : [nothing]),
    ...plan.steps.flatMap((step) => stepReservations(step, view)),
    ...clusterReservations(view),
  ];
  if (goesOn) return verdict([...reasons, ...troubles(question, null), ...otherServers(view, null)]);
  const [removal] = removals;
  const name = removal?.target.server ?? null;
  const dead = name === null ? undefined : view.servers.get(name);
  if (removals.length !== 1 || removal?.target.stream !== null || dead === undefined) {
    const many =
      removals.length > 1 ? `${removals.length} removals at once` : "this is no replacement of a dead server";
    return verdict([...reasons, { code: "no-replacement", text: `${many}; only one dead server is replaced unasked` }]);
  }
  return verdict([
    ...reasons,
    ...otherServers(view, dead),
    ...troubles(question, dead),
    ...baselines(question, dead),
    ...deathReservations(question, dead),
  ]);
}

function verdict(reasons: readonly Reservation[]): Unasked {
  const once = new Map(reasons.map((one) => [`${one.code} ${one.text}`, one]));
  return { may: reasons.length === 0, reasons: [...once.values()] };
}

function stepReservations(step: PlanStep, { request }: View): readonly Reservation[] {
  const { id, kind, by, safe, blockers, why, target } = step;
  if (blockers.length > 0) return blockers.map(({ text }) => ({ code: "person", text }));
  if (by === "operator") return [{ code: "person", text: why }];
  if (kind === "wait") return [];
  const own = seenOr(request.picture.later.sight.account, null);
  const foreign = target.stream !== null && target.account !== own;
  if (foreign) return [{ code: "account", text: `${id} needs a credential of account ${target.account}` }];
  return safe && kinds.has(kind) ? [] : [{ code: "step-not-safe", text: `${id} is done only when a person says so` }];
}

function clusterReservations({ meta, inventoryComplete, request }: View): readonly Reservation[] {
  const found: Reservation[] = [];
  const earlier = request.picture.earlier?.accounts ?? [];
  if (!inventoryComplete || !earlier.every(({ inventory }) => isSeen(inventory))) {
    found.push({ code: "inventory", text: "not all streams of every account are known" });
  }
  if (meta.kind !== "led") found.push({ code: "meta-group", text: meta.why });
  else if (meta.rescue) found.push({ code: "meta-group", text: "the quorum of the meta group is lowered by a rescue" });
  else if (meta.living.length < meta.quorum) {
    found.push({ code: "meta-group", text: `${meta.living.length} of ${meta.size} members of the meta group answer` });
  }
  return found;
}

/** Two servers in trouble at once are a network, a rack or a rollout: a person's case. Those that are no members do not count. */
function otherServers(view: View, dead: ServerStanding | null): readonly Reservation[] {
  return [...view.servers.values()].flatMap(({ name, kind, member, removedAt }) => {
    if (name === dead?.name || kind === "alive") return [];
    const counts =
      member || kind === "starting" || kind === "contradicted" || (kind === "disabled" && removedAt !== null);
    if (!counts) return [];
    const state =
      kind === "starting" ? "is not ready yet" : kind === "disabled" ? "has JetStream off" : "does not answer";
    return [{ code: "other-server", text: `${name} ${state}${dead === null ? "" : " either"}` }];
  });
}

/** Streams and consumers that are in any trouble but that one server is dead, or that may lose something by its removal. */
function troubles({ view, begun }: UnaskedQuestion, dead: ServerStanding | null): readonly Reservation[] {
  const found: Reservation[] = [];
  const say = (text: string): void => void found.push({ code: "stream-trouble", text });
  for (const stream of view.streams) {
    const { key, kind, moving } = stream;
    // What is restored is not there, empty or half-made until it is.
    if (dead === null && begun.has(`restore:${key}`)) continue;
    if (moving) say(`${key} is being moved`);
    if (dead === null || !stream.group?.includes(dead.name)) {
      if (kind !== "whole") say(`${key} is ${words[kind]}`);
      continue;
    }
    if (kind === "lost" && stream.group.length === 1) continue;
    if (kind !== "degraded" || stream.dead.length !== 1) say(`${key} is ${words[kind]}`);
    for (const { name, standing } of stream.peers) {
      if (name !== dead.name && isSeen(standing) && !keepsUp(standing)) say(`${name} of ${key} is behind`);
    }
    for (const consumer of consumersAtRisk(view, stream, dead.name)) {
      say(`consumer ${key} > ${consumer} may lose its position by the removal`);
    }
  }
  for (const { text, account, stream } of view.regressions) {
    if (dead === null && begun.has(`restore:${streamKey(account, stream)}`)) continue;
    found.push({ code: "signs-of-loss", text });
  }
  return found;
}

const words: Readonly<Record<StreamStanding["kind"], string>> = {
  whole: "whole",
  behind: "behind in a replica",
  short: "short of a replica",
  leaderless: "without a leader",
  degraded: "short of a replica",
  "below-quorum": "below its quorum",
  lost: "lost",
  homeless: "not answering, and nobody knows where it lives",
};

/** Consumers that live on that server only; up to 2.14 all with fewer replicas than their stream, which any removal may reset. */
function consumersAtRisk(view: View, stream: StreamStanding, server: string): readonly string[] {
  const names = new Set(consumersOn(view, stream, server).map(({ name }) => name));
  if (view.rules.resetsSmallerConsumers && stream.seen !== null) {
    for (const { name, replicas } of seenOr(stream.seen.consumers, [])) {
      if (seenOr(replicas, 0) < (stream.wanted ?? 1)) names.add(name);
    }
  }
  return [...names];
}

/** R1 streams of which it is not known closely enough what they held. */
function baselines({ view, vigil }: UnaskedQuestion, dead: ServerStanding): readonly Reservation[] {
  const found: Reservation[] = [];
  const answeredAt = vigil.servers.get(dead.name)?.answeredAt;
  for (const { key, group, kind } of view.streams) {
    if (kind !== "lost" || !group?.includes(dead.name)) continue;
    const countersAt = view.memory.get(key)?.countersAt;
    const close =
      answeredAt != null && countersAt != null && Date.parse(answeredAt) - Date.parse(countersAt) <= baselineMs;
    if (close) continue;
    found.push({ code: "baseline", text: `what ${key} held when ${dead.name} died was not seen by this watch` });
  }
  return found;
}

/** The server has to be dead for all that can be known, and there has to be something to replace and somebody to take it. */
function deathReservations(question: UnaskedQuestion, dead: ServerStanding): readonly Reservation[] {
  const { view, vigil, signsOfLife } = question;
  const { name } = dead;
  const found: Reservation[] = [];
  const { goneAfterMs } = view.request.thresholds;
  const seen = vigil.servers.get(name);
  if (seen?.answeredAt == null) {
    found.push({ code: "not-seen-dying", text: `${name} did not answer since this watch began` });
  }
  const silentMs = seen?.silentSince == null ? 0 : Date.parse(view.request.now) - Date.parse(seen.silentSince);
  if (silentMs < goneAfterMs) {
    const text = `this watch has to have found ${name} silent for ${Math.round(goneAfterMs / 1000)} s without a break first`;
    found.push({ code: "not-silent-enough", text });
  }
  if (dead.kind !== "gone" || !dead.offline || dead.byWord) {
    found.push({ code: "not-seen-dying", text: `the cluster does not call ${name} offline` });
  }
  const sign = signsOfLife.get(name);
  if (sign !== undefined) found.push({ code: "runs", text: `${name} may be running: ${sign}` });
  const left = view.meta.living.filter((member) => member !== name).length;
  if (left < leastMembers) {
    const text = `without ${name} the meta group has ${left} members that answer, and ${leastMembers} have to be left`;
    found.push({ code: "no-spare", text });
  }
  if (!view.streams.some(({ group }) => group?.includes(name))) {
    found.push({ code: "no-replacement", text: `no stream has a replica on ${name}` });
  }
  return found;
}
