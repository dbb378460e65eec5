import { nameList } from "../name-list.ts";
import { condition, makeStep, verifications } from "../plan/make-step.ts";
import { consumersOn } from "../plan/plan-consumers.ts";
import { serversOfKind } from "../plan/view.ts";
import { quorumOf } from "../quorum.ts";
import { block, keepingUp, memberOf, noCandidate, type PlanVerb, placesOf, takers } from "./group-facts.ts";

/** A server leaves a stream's group, so that another gets a replica: nothing that only this replica has, and no quorum, may go with it. */
export const planPeerRemove: PlanVerb<"peer-remove"> = (view, stream, change, blockers) => {
  const { key, group, leader, account, name } = stream;
  const { server, peer } = memberOf(view, stream, change.server);
  const others = keepingUp(view, stream).filter((one) => one !== server);
  const size = group?.length ?? 0;
  if (size <= 1) {
    const cure = `Move it with what it holds: relight stream cluster move ${name} --from ${server}`;
    blockers.push(
      block("last-copy", `${server} has the only replica: it would be created anew elsewhere, empty`, cure),
    );
  } else if (others.length < quorumOf(size)) {
    const text = `${others.length === 0 ? "none" : others.length} of the other replicas ${others.length === 1 ? "has" : "have"} all that its leader has, and ${quorumOf(size)} are needed to decide anything`;
    blockers.push(
      block(
        "below-quorum",
        text,
        "Bring the others back first. Empty new replicas could outvote the one that is left.",
      ),
    );
  }
  const silent = serversOfKind(view, "silent", "gone").filter((one) => !(group ?? []).includes(one.name));
  const drops =
    view.rules.mayPickOfflinePeer && silent.length > 0
      ? `; this server version would give it to one that does not answer (${nameList(silent.map((one) => one.name))})`
      : view.rules.streamPeerRemoveDropsAnyway
        ? "; this server version answers with an error then, and drops the peer all the same"
        : "";
  if (size > 1) blockers.push(...noCandidate(view, stream, drops));
  return makeStep({
    kind: "peer-remove",
    id: `${key} ${server}`,
    target: { server, peer, account, stream: name },
    why: `${server} leaves ${key}; ${takers(view, stream)} takes its place`,
    risk:
      `the replica on ${server} is deleted` +
      (server === leader ? "; some seconds without a leader" : "") +
      (view.rules.resetsSmallerConsumers ? "; consumers of fewer replicas than the stream may be reset" : ""),
    precondition: [
      condition("one-meta-leader", "one server leads the meta group"),
      condition("streams-at-quorum", "the other replicas have all that the leader has, and are enough"),
      condition("candidates", "a living server can take the replica"),
      condition("no-change-in-flight", "it is not moving"),
    ],
    verify: verifications.replicasCurrent,
    evidence: [
      placesOf(stream),
      ...consumersOn(view, stream, server).map(
        ({ name: one, ackFloor }) => `consumer ${one} is on ${server} only, acknowledged up to ${ackFloor ?? "?"}`,
      ),
    ],
    arguments: { lastSeq: stream.state?.lastSeq ?? null },
  });
};
