import { candidates } from "./candidates.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { consumersAnew, lessMeanwhile } from "./move-risk.ts";
import type { Spares } from "./plan-spares.ts";
import { ask } from "./simple-steps.ts";
import type { View } from "./view.ts";

/**
 * Empties living servers, so that they can be replaced: the way to replace a server without losing its R1 streams. One server at a
 * time, and only while nothing else is wrong.
 */
export function planDrains(view: View, spares: Spares): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  let previous: readonly string[] = [];
  for (const word of view.request.words.drain) {
    const server = [...view.servers.values()].find(({ name, peer }) => name === word || peer === word);
    if (server?.kind !== "alive" || !server.member) {
      const why = `${word} is to be emptied, and is no member that answers`;
      steps.push(ask(`drain:${word}`, why, "Only a server that is up can give what it has to others."));
      continue;
    }
    const { name, peer } = server;
    const target = { server: name, peer };
    const on = view.streams.filter(({ group }) => group?.includes(name));
    const precondition = [
      condition("one-meta-leader", "one server leads the meta group"),
      condition("server-answers", `${name} answers`),
      condition("no-change-in-flight", "no stream is moving"),
      condition("candidates", "living servers can take all that is on it"),
    ];
    const needs = on.flatMap((stream) => spares.before(stream, stream.group ?? [], 1, false));
    if (on.length > 0 && view.rules.evacuate) {
      steps.push(
        makeStep({
          kind: "evacuate",
          id: name,
          target,
          why: `${name} is to be replaced: everything on it moves to others, its R1 streams with their messages`,
          risk: "load, and some seconds without a leader for what it leads",
          precondition,
          after: [...previous, ...needs],
          verify: verifications.serverEmpty,
          undo: "cancel the moves that still run",
        }),
      );
      previous = [`evacuate:${name}`];
    }
    for (const stream of view.rules.evacuate ? [] : on) {
      const [preferred = null] = candidates(view, stream, stream.group ?? []).names;
      const step = makeStep({
        kind: "move",
        id: `${stream.key} off ${name}`,
        target: { ...target, account: stream.account, stream: stream.name },
        why: `${name} is to be replaced, and ${stream.key} is on it`,
        // The server ends a move as soon as a quorum of the new group has all, which the old members are.
        risk: `load${lessMeanwhile(stream.wanted)}; one stream is moved at a time${consumersAnew(view, stream.wanted)}`,
        precondition,
        after: [...previous, ...spares.before(stream, stream.group ?? [], 1, false)],
        verify: verifications.replicasCurrent,
        undo: "cancel the move while it runs",
        arguments: { preferred },
      });
      steps.push(step);
      previous = [step.id];
    }
    const wait = makeStep({
      kind: "wait",
      id: `empty:${name}`,
      target,
      why: `${name} must hold nothing before it is stopped`,
      after: [...previous],
      verify: verifications.serverEmpty,
      safe: true,
    });
    if (on.length > 0) steps.push(wait);
    const stop = makeStep({
      kind: "ask",
      id: `stop:${name}`,
      target,
      by: "operator",
      why: `${name} is empty: stop it for good, and say so (--gone ${name}), so that it is removed from the meta group`,
      risk: "it must not come back under its name, nor with its old store directory",
      after: on.length > 0 ? [wait.id] : [...previous],
      verify: verifications.person,
    });
    steps.push(stop);
    previous = [stop.id];
  }
  return steps;
}
