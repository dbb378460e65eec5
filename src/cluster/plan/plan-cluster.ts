import { shortNameList } from "../name-list.ts";
import { isSeen, seenOr, type UnseenReason } from "../unseen.ts";
import { versionHazards } from "../version-hazards.ts";
import type { ClusterPlan, Outlook, PlanStep } from "./cluster-plan.ts";
import { fewerReplicas } from "./fewer-replicas.ts";
import { memoryOfServer } from "./memory-of-server.ts";
import { aloneServer, planAlone } from "./plan-alone.ts";
import { planLed } from "./plan-led.ts";
import { planMetaDown } from "./plan-meta-down.ts";
import type { PlanRequest } from "./plan-request.ts";
import { holdStep } from "./simple-steps.ts";
import { serversOfKind, type View, viewOf } from "./view.ts";

/** What recovers a cluster, in order, for the versions that it runs. Pure. See docs/cluster-plan.md. */
export function planCluster(request: PlanRequest): ClusterPlan {
  const view = viewOf(request);
  const steps = stepsOf(view);
  const complete = steps.every(({ by, blockers }) => by === "relight" && blockers.length === 0);
  const outlook = outlookOf(view, steps);
  return {
    format: "relight-cluster-plan",
    formatVersion: 1,
    takenAt: request.picture.later.takenAt,
    plannedAt: request.now,
    outlook,
    summary: outlook === "whole" ? wholeSummary(view) : summaryOf(outlook, steps),
    complete,
    versions: view.rules.versions,
    hazards: versionHazards(view.rules.versions),
    steps,
    notes: notesOf(view, steps),
  };
}

function stepsOf(view: View): readonly PlanStep[] {
  const { picture } = view.request;
  if (!isSeen(picture.later.sight.system)) {
    return [
      holdStep("sight", [
        {
          code: "no-sight",
          text: "the servers' own answers cannot be seen, so nothing can be planned",
          cure: sightCures[picture.later.sight.system.unseen] ?? "Look again in half a minute: no server answered.",
        },
      ]),
    ];
  }
  if (view.hold.length > 0) {
    // Up to 2.9 a removed server that comes back with its disk serves its old R1 streams beside the new ones.
    const back = serversOfKind(view, "alive", "starting", "disabled").filter(({ removedAt }) => removedAt !== null);
    const cure =
      back.length > 0
        ? `${back.map(({ name }) => name).join(", ")} was removed, and answers again: stop it. It may come back with a new server_name ` +
          "and an empty store directory only."
        : "Mend the network, or wait: a leader that was cut off claims to lead for up to 24 s. Remove and rescue nothing.";
    return [
      holdStep(
        "partition",
        view.hold.map((text) => ({ code: "two-leaders", text, cure })),
      ),
    ];
  }
  const alone = aloneServer(view);
  if (alone !== null) return planAlone(view, alone);
  if (picture.earlier === null || view.meta.kind === "unseen" || view.meta.kind === "electing") {
    return [holdStep("look-again", [], view.meta.why)];
  }
  if (view.meta.kind === "down") return planMetaDown(view);
  return planLed(view);
}

const sightCures: Partial<Record<UnseenReason, string>> = {
  "no-system-credential": "Give a credential of the system account (--system-creds, --system-user, ...).",
  refused: "Give a credential of the system account: this one is of another account.",
  forbidden: "Allow this user to ask the servers: $SYS.REQ.SERVER.>",
};

function outlookOf(view: View, steps: readonly PlanStep[]): Outlook {
  if (steps.length === 0) return "whole";
  if (view.hold.length > 0 || !isSeen(view.request.picture.later.sight.system)) return "hold";
  if (steps.some(({ state, by }) => state === "ready" && by === "relight")) return "act";
  return steps.some(({ state }) => state === "waiting") ? "wait" : "blocked";
}

/** Fewer replicas that the operator accepted are nothing to do, and nothing whole either. */
function wholeSummary(view: View): string {
  const short = fewerReplicas(view);
  return short === null ? "Nothing to do." : `Nothing to do; ${short}.`;
}

function summaryOf(outlook: Outlook, steps: readonly PlanStep[]): string {
  const person = steps.filter(({ by, blockers }) => by === "operator" || blockers.length > 0).length;
  const rest =
    person > 0 ? ` ${person} of ${steps.length} ${person === 1 ? "steps is" : "steps are"} for a person.` : "";
  const first = steps.findIndex(({ state, by }) => state === "ready" && by === "relight") + 1;
  switch (outlook) {
    case "whole":
      return "Nothing to do.";
    case "hold":
      return `Nothing may be done: ${steps[0]?.why}.`;
    case "act":
      return steps.length === 1
        ? "1 step, which can be done now."
        : `${steps.length} steps, ${first === 1 ? "the first" : `step ${first}`} can be done now.${rest}`;
    case "wait":
      return `Nothing to do but wait.${rest}`;
    case "blocked":
      return `A person has to go on.${rest}`;
  }
}

function notesOf(view: View, steps: readonly PlanStep[]): readonly string[] {
  const notes: string[] = [];
  const gone = serversOfKind(view, "gone").map(({ name }) => name);
  if (gone.length > 0) {
    notes.push(
      `Before anything is removed: see that ${gone.join(", ")} cannot start again, and copy its store directory away. It may return ` +
        "only with a new server_name and an empty store directory.",
    );
    for (const server of serversOfKind(view, "gone")) {
      const { young, text } = memoryOfServer(view, server);
      if (!young) notes.push(`${text}. A backup that covers what is remembered may lack the rest.`);
    }
    if (view.rules.mayPickOfflinePeer) {
      notes.push("This server version may place new replicas on servers that are offline: remove all dead ones.");
    }
    if (!view.rules.removeAnswersAfterCommit) {
      notes.push("This server version answers a removal before it is decided: only a new look tells that it was done.");
    }
  }
  const alone = aloneServer(view);
  if (alone !== null) notes.push(`${alone} runs JetStream by itself: it has no meta group and no replicas to recover.`);
  const { drain } = view.request.words;
  if (drain.length > 0 && !steps.some(({ kind }) => kind === "evacuate" || kind === "move" || kind === "ask")) {
    notes.push(`${drain.join(", ")} is emptied only when nothing else is to be done.`);
  }
  const strangers = strangersOf(view);
  if (strangers.length > 0) {
    notes.push(
      `The backups have streams that this cluster neither has nor remembers: ${shortNameList(strangers)}. ` +
        `To restore one: --restore ${seenOr(view.request.picture.later.sight.account, "ACCOUNT")}/${strangers[0]}.`,
    );
  }
  if (!view.inventoryComplete) {
    notes.push(
      "Not every account's streams are known: a lost R1 stream of theirs would be missing here without a trace.",
    );
  }
  return notes;
}

/** Names of streams in backups of which nothing is known here: servers that joined this cluster may have deleted them. */
function strangersOf({ backups, owners, inventoryComplete, request }: View): readonly string[] {
  const named = request.words.restore.map((key) => key.slice(key.indexOf("/") + 1));
  const strange = (name: string): boolean => !owners.has(name) && !named.includes(name);
  return inventoryComplete ? [...backups.keys()].filter(strange).sort() : [];
}
