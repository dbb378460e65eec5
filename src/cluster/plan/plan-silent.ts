import { isMeant } from "../peer-id.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import { ask } from "./simple-steps.ts";
import { serversOfKind, type View } from "./view.ts";

/** Servers that are silent and may come back: wait, and say until when. Nothing is ever removed for a restart. */
export function planSilent(view: View): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  const { words, thresholds } = view.request;
  for (const server of serversOfKind(view, "silent")) {
    const { name, peer, silentSince, goneAt, member, removedAt } = server;
    const affected = view.streams.filter(({ dead }) => dead.includes(name));
    // One that was removed does not come back; only what was never replaced of it may still be on its disk.
    if (removedAt !== null || (!member && !affected.some(({ kind }) => kind === "lost"))) continue;
    const down = affected.filter(({ kind }) => kind === "lost" || kind === "below-quorum").map(({ key }) => key);
    const since = silentSince === null ? "for an unknown time" : `since ${silentSince}`;
    const last =
      goneAt === null
        ? "say --gone when it will not"
        : `it counts as gone on ${goneAt} if it is flagged offline by then (${thresholds.goneAfterMs / 1000} s), or with --gone`;
    steps.push(
      makeStep({
        kind: "wait",
        id: `server:${name}`,
        target: { server: name, peer },
        why: `${name} has been silent ${since} and may come back; ${last}`,
        risk:
          down.length > 0
            ? `until then these do not work: ${down.join(", ")}`
            : "until then one more failure may cost a quorum",
        verify: verifications.memberCurrent,
        safe: true,
        waiting: true,
        until: goneAt,
        evidence: affected.map(({ key, alive, group }) => `${key}: ${alive.length} of ${group?.length} peers answer`),
      }),
    );
  }
  for (const word of words.gone) {
    const server = [...view.servers.values()].find((one) => isMeant(word, one));
    if (server === undefined) {
      steps.push(
        ask(`unknown:${word}`, `no server ${word} is known`, "Name it as the servers do, or give its peer id."),
      );
    } else if (server.removedAt !== null && !server.member) {
      // It is removed; what becomes of it now that it is back has a step of its own.
    } else if (server.kind === "alive" || server.kind === "starting" || server.kind === "disabled") {
      const cure =
        "A server that answers cannot be removed without losing what only it has: empty it first, or stop it.";
      steps.push(
        ask(`answers:${server.name}`, `${server.name} is said to be gone, and answers`, cure, {
          server: server.name,
          peer: server.peer,
        }),
      );
    }
  }
  return steps;
}
