import { RelightError } from "../../errors.ts";
import type { Blocker } from "../plan/cluster-plan.ts";
import type { PlanRequest } from "../plan/plan-request.ts";
import type { StreamStanding } from "../plan/stream-standing.ts";
import { type View, viewOf } from "../plan/view.ts";
import { isSeen } from "../unseen.ts";
import { clusterRules } from "../version-hazards.ts";
import { block, memberOf, type PlanVerb } from "./group-facts.ts";
import { lackingReplica } from "./lacking-replica.ts";
import { planMove } from "./plan-move.ts";
import { planPeerRemove } from "./plan-peer-remove.ts";
import { planStepDown } from "./plan-step-down.ts";
import type { ChangePlan, StreamChange } from "./stream-change.ts";

/**
 * What a change of one stream's group comes to, with all that speaks against it, by what the planner knows of the servers' ways.
 * `version` is that of the server that was asked, for where no server told its own. Pure. Throws STREAM_NOT_FOUND, and USAGE for a
 * server that has no part in the stream.
 */
export function planChange(request: PlanRequest, change: StreamChange, version?: string): ChangePlan {
  const seen = viewOf(request);
  const told = seen.rules.versions.length > 0 || version === undefined;
  const view: View = told ? seen : { ...seen, rules: clusterRules([version]) };
  const stream = findStream(view, change.stream);
  const blockers = [...standing(view, stream, change)];
  const step = verbs[change.verb](view, stream, change as never, blockers);
  return { step, blockers };
}

const verbs: { readonly [Verb in StreamChange["verb"]]: PlanVerb<Verb> } = {
  "peer-remove": planPeerRemove,
  "step-down": planStepDown,
  move: planMove,
};

/** By its name in the account that was given; other accounts may have one of the same name. */
function findStream(view: View, name: string): StreamStanding {
  const { later } = view.request.picture;
  const own = isSeen(later.sight.account) ? later.sight.account : null;
  const named = view.streams.filter((stream) => stream.name === name && stream.seen !== null);
  const found =
    named.find(({ account }) => account === own) ?? named.find(({ seen }) => seen?.answer.kind !== "not-asked");
  if (found) return found;
  throw new RelightError("STREAM_NOT_FOUND", `the account has no stream "${name}"`);
}

/** What speaks against any change of this group. */
function standing(view: View, stream: StreamStanding, change: StreamChange): readonly Blocker[] {
  const { key, leader, moving, divergence, seen } = stream;
  const found: Blocker[] = [];
  for (const text of view.hold) {
    found.push(
      block("two-leaders", text, "Mend the network, or wait: a leader that was cut off claims to lead for up to 24 s."),
    );
  }
  if (leader === null) {
    found.push(
      block(
        "no-leader",
        `${key} has no leader that two looks agree on`,
        "See why: relight cluster status; relight cluster plan.",
      ),
    );
  }
  if (change.verb === "step-down") return found;
  if (!isSeen(view.request.picture.later.sight.system)) {
    const cure =
      "Give a credential of the system account: --system-context, --system-creds, --system-nkey or --system-user.";
    found.push(
      block("no-sight", "without the servers' own answers it is not known which server can take the replica", cure),
    );
  } else if (view.meta.kind !== "led" && view.hold.length === 0) {
    found.push(
      block(
        "meta-leader",
        view.meta.why || "no server leads the meta group",
        "Bring its members back: relight cluster plan.",
      ),
    );
  }
  if (moving) {
    const what = seen?.desired?.description ? `: ${seen.desired.description}` : "";
    found.push(
      block(
        "moving",
        `${key} is being changed already${what}`,
        "Wait until it has its wanted replicas: relight cluster status.",
      ),
    );
  }
  // The one that lacks what all others have is the one to go, and goes in no other way.
  const replaced = change.verb === "peer-remove" ? memberOf(view, stream, change.server).server : null;
  if (divergence.length > 0 && (replaced === null || lackingReplica(stream) !== replaced)) {
    found.push(
      block(
        "diverged",
        `its replicas differ: ${divergence.join("; ")}`,
        `Find the good one first: relight cluster verify --deep --stream ${key}`,
      ),
    );
  }
  return found;
}
