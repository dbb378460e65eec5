import { condition, makeStep, verifications } from "../plan/make-step.ts";
import { consumersAnew, lessMeanwhile } from "../plan/move-risk.ts";
import { isSeen } from "../unseen.ts";
import { block, memberOf, noCandidate, type PlanVerb, placesOf, takers } from "./group-facts.ts";

/** A replica goes to another server with what it holds, while the server that has it answers. */
export const planMove: PlanVerb<"move"> = (view, stream, change, blockers) => {
  const { key, group, account, name, alive, wanted } = stream;
  const { server, peer } = memberOf(view, stream, change.server);
  if (!alive.includes(server) && isSeen(view.request.picture.later.sight.system)) {
    const cure = `What it does not give it cannot be moved: relight stream cluster peer-remove ${name} ${server}`;
    blockers.push(
      block("silent", `${server} does not answer`, (group?.length ?? 0) > 1 ? cure : "Bring it back with its disk."),
    );
  }
  blockers.push(...noCandidate(view, stream));
  return makeStep({
    kind: "move",
    id: `${key} off ${server}`,
    target: { server, peer, account, stream: name },
    why: `${key} leaves ${server} with what it holds; ${takers(view, stream)} takes it`,
    risk: `load, and some seconds without a leader${lessMeanwhile(wanted)}${consumersAnew(view, wanted)}`,
    precondition: [
      condition("one-meta-leader", "one server leads the meta group"),
      condition("server-answers", `${server} answers`),
      condition("no-change-in-flight", "it is not moving"),
      condition("candidates", "a living server can take it"),
    ],
    verify: {
      ...verifications.replicasCurrent,
      text: `${server} has no part in it any more; ${verifications.replicasCurrent.text}`,
    },
    undo: "cancel the move while it runs",
    evidence: [placesOf(stream)],
    arguments: { lastSeq: stream.state?.lastSeq ?? null },
  });
};
