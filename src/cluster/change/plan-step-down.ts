import { nameList } from "../name-list.ts";
import { makeStep, verifications } from "../plan/make-step.ts";
import { block, keepingUp, memberOf, type PlanVerb, placesOf } from "./group-facts.ts";

/** Another replica is to lead: one that has all that the leader has. */
export const planStepDown: PlanVerb<"step-down"> = (view, stream, change, blockers) => {
  const { key, group, leader, account, name } = stream;
  const ready = keepingUp(view, stream).filter((one) => one !== leader);
  if ((group?.length ?? 0) <= 1) {
    blockers.push(
      block(
        "last-copy",
        "it has one replica: nobody else can lead",
        `To have it elsewhere: relight stream cluster move ${name} --from ${leader ?? "<server>"}`,
      ),
    );
  } else if (ready.length === 0) {
    blockers.push(
      block(
        "nobody-current",
        "no other replica has all that the leader has",
        "Wait until one has caught up: relight cluster status.",
      ),
    );
  }
  let preferred: string | null = null;
  if (change.preferred !== null) {
    preferred = memberOf(view, stream, change.preferred).server;
    if (!view.rules.preferredLeader) {
      const cure = "Leave --preferred out, and repeat until the wanted server leads.";
      blockers.push(block("version", "servers before 2.11 let nobody choose the next leader", cure));
    } else if (preferred === leader) {
      blockers.push(block("leads-already", `${preferred} leads already`, "There is nothing to do."));
    } else if (!ready.includes(preferred)) {
      blockers.push(
        block(
          "nobody-current",
          `${preferred} does not have all that the leader has`,
          `Choose one of ${nameList(ready) || "those that do"}.`,
        ),
      );
    }
  }
  return makeStep({
    kind: "step-down",
    id: key,
    target: { account, stream: name },
    why: `${preferred ?? "another replica"} is to lead ${key}, and not ${leader ?? "nobody"}`,
    risk: "some seconds without a leader",
    verify: verifications.leaderStable,
    undo:
      leader !== null && view.rules.preferredLeader
        ? `relight stream cluster step-down ${name} --preferred ${leader}`
        : "repeat it",
    evidence: [placesOf(stream)],
    arguments: { preferred },
  });
};
