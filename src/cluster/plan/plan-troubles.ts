import { keepsUp } from "../keeps-up.ts";
import { nameList } from "../name-list.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { forgetfulServers, planForgetful } from "./plan-forgetful.ts";
import { planLeaderless } from "./plan-leaderless.ts";
import { outcasts, planOutcasts, stopRemoved } from "./plan-outcasts.ts";
import type { ServerStanding } from "./server-standing.ts";
import { ask } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { isEvicting } from "./survivors.ts";
import { serversOfKind, type View } from "./view.ts";

/** Streams in trouble although no peer of theirs is dead, and servers that answer and do not serve. */
export function planTroubles(view: View): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  for (const { name, peer, seen } of serversOfKind(view, "starting")) {
    const well = seen !== null && isSeen(seen.health) && seen.health.ok;
    steps.push(
      makeStep({
        kind: "wait",
        id: `starting:${name}`,
        target: { server: name, peer },
        why: well
          ? `${name} has begun to answer just now, and calls itself healthy; it is looked at once more`
          : `${name} answers and is not ready yet; reading a large store can take half an hour, and is no death`,
        verify: verifications.memberCurrent,
        safe: true,
        waiting: true,
      }),
    );
  }
  for (const { name, peer, removedAt, member } of serversOfKind(view, "disabled")) {
    // Servers that never had JetStream belong to many clusters.
    if (!member && removedAt === null) continue;
    const cure =
      removedAt === null
        ? "Make room or mend its storage, and restart it. It is no case for a peer-remove."
        : `It was removed: ${stopRemoved}`;
    steps.push(ask(`disabled:${name}`, `${name} answers, and its JetStream is off`, cure, { server: name, peer }));
  }
  for (const server of serversOfKind(view, "alive")) {
    if (!server.member && server.removedAt !== null) steps.push(returned(view, server, server.removedAt));
  }
  const [outside, forgetful] = [outcasts(view), forgetfulServers(view)];
  steps.push(...planOutcasts(view, outside), ...planForgetful(view, forgetful));
  // What a person has to do for their servers comes first.
  const held = new Set([...outside.values(), ...forgetful.values()].flat());
  for (const stream of view.streams) if (!held.has(stream)) steps.push(...troublesOf(view, stream));
  return steps;
}

/** A removed server that came back under its name: it may call itself healthy, and even serve streams, without being a member. */
function returned(view: View, { name, peer }: ServerStanding, removedAt: string): PlanStep {
  const until = new Date(Date.parse(removedAt) + view.rules.keepsRemovedOutMs).toISOString();
  const why = `${name} was removed on ${removedAt}, came back under its name, and is no member`;
  if (until <= view.request.now) {
    const cure = `S${stopRemoved.slice(1)}`;
    return ask(`returned:${name}`, why, cure, { server: name, peer });
  }
  return makeStep({
    kind: "wait",
    id: `returned:${name}`,
    target: { server: name, peer },
    why: `${why}; this server version keeps it out for ${view.rules.keepsRemovedOutMs / 60_000} minutes`,
    risk: "what is placed on it meanwhile is empty",
    verify: verifications.memberCurrent,
    safe: true,
    until,
  });
}

/** It does not answer, and no server that answers has it. Where a server is waited for, or gone, other steps speak of it. */
function homeless(view: View, { key, account, name, strayedFrom }: StreamStanding): readonly PlanStep[] {
  const away = serversOfKind(view, "silent", "contradicted", "starting", "disabled").filter(
    ({ kind, member, removedAt }) => removedAt === null && (member || kind !== "disabled"),
  );
  if (away.some(({ member, kind }) => member || kind === "starting")) return [];
  if (away.length === 0 && serversOfKind(view, "gone").length > 0) return [];
  const silent = away.map((server) => server.name).join(", ");
  const cure =
    away.length > 0
      ? `It may be on ${silent}: start it with its disk, or say that it is gone (--gone).`
      : strayedFrom.length > 0
        ? `It was last seen on ${strayedFrom.join(", ")}: read the log there, for its data may be on that disk still.`
        : "Give a credential of its account, and look at its configuration; delete it if it is left over.";
  const text = `${key} does not answer, and no server ${away.length > 0 ? "that answers " : ""}holds it`;
  return [ask(`homeless:${key}`, text, cure, { account, stream: name })];
}

function hasNoStorageLeft(view: View, server: string): boolean {
  const jetstream = view.servers.get(server)?.seen?.jetstream;
  return jetstream !== undefined && isSeen(jetstream) && jetstream.maxStorage > 0 && jetstream.freeStorage === 0;
}

function troublesOf(view: View, stream: StreamStanding): readonly PlanStep[] {
  const { thresholds, now } = view.request;
  const { key, remembered } = stream;
  const target = { account: stream.account, stream: stream.name };
  const elapsed = (since: string | null | undefined): number =>
    since == null ? 0 : Date.parse(now) - Date.parse(since);
  const later = (since: string | null | undefined, ms: number): string =>
    new Date(Date.parse(since ?? now) + ms).toISOString();

  const unled = remembered?.leaderlessSince;
  if (
    stream.kind === "homeless" &&
    stream.strayedFrom.length > 0 &&
    unled != null &&
    elapsed(unled) < thresholds.electionMs
  ) {
    return [
      makeStep({
        kind: "wait",
        id: `leader:${key}`,
        target,
        why: `${key} was on ${nameList(stream.strayedFrom)} when it was last seen, which answers and does not serve it yet`,
        verify: verifications.leaderStable,
        safe: true,
        waiting: true,
      }),
    ];
  }
  if (stream.kind === "homeless") return homeless(view, stream);
  if (stream.divergence.length > 0) {
    return [
      ask(
        `diverged:${key}`,
        `the replicas of ${key} differ: ${stream.divergence.join("; ")}`,
        "Read every replica (relight cluster verify --deep), back up from the best one, and only then replace the bad one.",
        target,
        stream.divergence,
      ),
    ];
  }
  if (isEvicting(view, stream)) return [];
  if (stream.moving) {
    const stuckAt = later(remembered?.movingSince, thresholds.stuckMs);
    if (elapsed(remembered?.movingSince) < thresholds.stuckMs) {
      return [
        makeStep({
          kind: "wait",
          id: `move:${key}`,
          target,
          why: `${key} is being moved; other changes of its group have to wait`,
          verify: verifications.replicasCurrent,
          safe: true,
          until: stuckAt,
          evidence: stream.seen?.desired ? [stream.seen.desired.description] : [],
        }),
      ];
    }
    return [
      makeStep({
        kind: "cancel-move",
        id: key,
        target,
        why: `${key} has been moving since ${remembered?.movingSince}, and does not end`,
        risk: "the replicas that are new are given up; those that have the data stay",
        precondition: [condition("one-meta-leader", "one server leads the meta group")],
        verify: verifications.replicasCurrent,
        undo: "move it again",
      }),
    ];
  }
  if (stream.kind === "leaderless" && stream.wanted !== 1) return planLeaderless(view, stream);
  if (stream.kind === "leaderless") {
    return [
      makeStep({
        kind: "wait",
        id: `leader:${key}`,
        target,
        why: `${key} has one replica, on ${stream.alive.join()}, which answers and does not serve it yet`,
        verify: verifications.leaderStable,
        safe: true,
        waiting: true,
      }),
    ];
  }
  const behind = stream.peers.filter(({ name, standing }) => {
    const alive = stream.alive.includes(name ?? "");
    return alive && isSeen(standing) && !keepsUp(standing);
  });
  if (behind.length === 0) return [];
  const names = behind.map(({ name }) => name ?? "");
  const full = behind.flatMap(({ name }) => (hasNoStorageLeft(view, name ?? "") ? [name] : [])).join(", ");
  if (full !== "" && stream.settings?.storage !== "memory") {
    return [
      ask(
        `full:${key}`,
        `${full} of ${key} is behind, and has no storage left: it cannot catch up`,
        `Give ${full} more storage, or make room there, and restart it; or, where another server has room, take the stream off ` +
          `it: relight stream cluster peer-remove ${stream.name} ${full}.`,
        target,
      ),
    ];
  }
  if (elapsed(remembered?.behindSince) < thresholds.stuckMs) {
    return [
      makeStep({
        kind: "wait",
        id: `catch-up:${key}`,
        target,
        why: `${nameList(names)} of ${key} ${names.length === 1 ? "is" : "are"} catching up`,
        verify: verifications.replicasCurrent,
        safe: true,
        until: later(remembered?.behindSince, thresholds.stuckMs),
        evidence: behind.flatMap(({ name, standing }) =>
          "unseen" in standing ? [] : [`${name} is ${standing.lag} entries behind`],
        ),
      }),
    ];
  }
  return [
    ask(
      `behind:${key}`,
      `${nameList(names)} of ${key} ${names.length === 1 ? "has" : "have"} been behind since ${remembered?.behindSince}, and ${names.length === 1 ? "does" : "do"} not catch up`,
      "Back the stream up; then, where a spare is there, remove that peer from the stream, else stop that server, delete this " +
        "replica from its disk and start it again.",
      target,
      names.flatMap((name) => roomOf(view, name)),
    ),
  ];
}

/** What a server has left for more: one that reached its limit takes nothing in, and says nowhere that this is why. */
function roomOf(view: View, name: string): readonly string[] {
  const seen = view.servers.get(name)?.seen;
  const jetstream = seen ? seenOr(seen.jetstream, null) : null;
  return jetstream === null ? [] : [`${name} has room for ${jetstream.freeStorage} more bytes of streams on disk`];
}
