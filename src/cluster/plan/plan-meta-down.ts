import { quorumOf } from "../quorum.ts";
import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { backUpStep } from "./plan-back-up.ts";
import { ask, salvageStep } from "./simple-steps.ts";
import { isSaved, survivors } from "./survivors.ts";
import { serversOfKind, type View } from "./view.ts";

/**
 * No quorum in the meta group. Nothing is created, moved or removed until it has one, but streams with a quorum of their own go on
 * and can be backed up, which comes first. Then, by version: 2.15 lowers the quorum, up to 2.11 new servers join, and in between
 * only the old members bring it back. All of it on the operator's word alone: time cannot tell a partition from a death.
 */
export function planMetaDown(view: View): readonly PlanStep[] {
  const { meta, rules, servers } = view;
  const gone = serversOfKind(view, "gone").filter(({ byWord }) => byWord);
  // One that was removed is no member that could come back.
  const others = [...servers.values()].filter(
    ({ kind, byWord, removedAt }) => removedAt === null && (kind === "silent" || (kind === "gone" && !byWord)),
  );
  const starting = serversOfKind(view, "starting", "disabled");
  const missing = meta.size - meta.living.length;
  const start = makeStep({
    kind: "wait",
    id: "meta",
    why:
      `the meta group has no leader: ${meta.living.length} of ${meta.size} members answer, ${meta.quorum} are needed (${meta.why}). ` +
      `Start the others, with whatever disk they have${
        rules.newNodesGiveMetaQuorum ? "" : "; where one of them is empty, it takes all of them"
      }.`,
    risk: "streams below their own quorum stand still until then",
    verify: verifications.oneMetaLeader,
    safe: true,
    waiting: true,
    blockers:
      missing > 0
        ? [
            {
              code: "meta-quorum",
              text: `members that do not answer: ${names([...others, ...gone]) || `${missing} of unknown names`}`,
              cure: "Start them. Those that will never come back: say so, --gone, each of them, and only if no network is cut.",
            },
          ]
        : [],
  });
  // Also where enough members answer: then they are about to elect.
  if (gone.length === 0 || others.length > 0 || starting.length > 0 || gone.length < missing) return [start];

  const first = readable(view);
  const after = first.map(({ id }) => id);
  const fenced = condition("fenced", `${names(gone)}: stopped for good, none of them can be reached by anybody`);
  if (rules.metaRescue) {
    const quorumNeeded = quorumOf(meta.living.length);
    const blockers: Blocker[] = [];
    if (meta.living.length === 0) {
      blockers.push({
        code: "no-survivor",
        text: "no member of the meta group answers",
        cure: "Restore to a new cluster.",
      });
    }
    const rescue = makeStep({
      kind: "meta-rescue",
      id: "meta",
      why: `${names(gone)} will not come back, and ${meta.living.length} of ${meta.size} members cannot elect: the quorum is lowered to ${quorumNeeded}`,
      risk: "if the others live behind a cut network, this makes two clusters of one; it ends by itself after 5 minutes",
      precondition: [
        condition(
          "no-meta-leader",
          "no server knows of a leader, all agree how large the group is, and its log is not empty",
        ),
        fenced,
      ],
      after,
      verify: verifications.oneMetaLeader,
      undo: "it expires after 5 minutes, if nothing was removed",
      blockers,
      arguments: { quorumNeeded },
    });
    const led = makeStep({
      kind: "wait",
      id: "meta",
      why: "one server has to lead the meta group; the plan is made anew then, and goes on with the removals",
      after: [rescue.id],
      verify: verifications.oneMetaLeader,
      safe: true,
    });
    return [...first, rescue, led];
  }
  if (rules.newNodesGiveMetaQuorum) {
    let added = 0;
    while (meta.living.length + added < quorumOf(meta.size + added)) added++;
    const add = makeStep({
      kind: "add-node",
      id: "meta",
      by: "operator",
      why:
        `${names(gone)} will not come back: ${added} new servers of the cluster give the meta group its quorum back. A server of an ` +
        "old name with an empty disk counts at once, and makes the group no larger.",
      risk: "an old member that comes back later brings an old state with it",
      precondition: [fenced],
      after,
      verify: verifications.oneMetaLeader,
    });
    return [...first, add];
  }
  return [
    ...first,
    ask(
      "meta",
      `${names(gone)} will not come back, and nats-server ${rules.versions.join(", ")} has no way to a quorum without them`,
      "Start servers of all the old names, with empty disks too: when every member answers, they elect. Else restore what was backed " +
        "up to a new cluster: relight account restore <backups>. What was salvaged there has no consumers: create those anew.",
    ),
  ];
}

const names = (servers: readonly { readonly name: string }[]): string => servers.map(({ name }) => name).join(", ");

/** What can still be read without a meta leader: streams that lead themselves, and the others by direct get. */
function readable(view: View): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  for (const stream of view.streams) {
    if (stream.leader !== null && stream.alive.includes(stream.leader)) {
      const step = backUpStep(
        view,
        stream,
        "it still answers without a meta leader, and what follows is not without risk",
      );
      if (step !== null) steps.push(step);
    } else if (stream.settings?.allowDirect && survivors(stream).length > 0 && !isSaved(view, stream)) {
      steps.push(salvageStep(view, stream));
    }
  }
  return steps;
}
