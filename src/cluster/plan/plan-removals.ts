import { streamKey } from "../ledger.ts";
import { isSeen } from "../unseen.ts";
import { candidates } from "./candidates.ts";
import type { Blocker, Condition, PlanStep } from "./cluster-plan.ts";
import { coverOf, lossBlocker } from "./cover.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { memoryOfServer } from "./memory-of-server.ts";
import { consumersOn } from "./plan-consumers.ts";
import type { ServerStanding } from "./server-standing.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { isEvicting } from "./survivors.ts";
import { serversOfKind, type View } from "./view.ts";

/** What has to be done for a stream first, by its key. */
export interface Before {
  /** Steps that must come before any change of its group. */
  readonly steps: ReadonlyMap<string, readonly string[]>;
  /** Why its dead peers may not be removed yet. */
  readonly blockers: ReadonlyMap<string, readonly Blocker[]>;
  /** Steps that must come before every removal, whatever streams are on the server. */
  readonly always: readonly string[];
  /** Streams that will have fewer replicas, as the operator accepted. */
  readonly short: ReadonlySet<string>;
}

/**
 * The servers that are gone for good leave the meta group, one at a time, each healed before the next goes: that is what makes
 * the cluster replace their replicas. Those that a person has to decide about are last, and keep none of the others waiting.
 */
export function planRemovals(view: View, before: Before): readonly PlanStep[] {
  const drafts = serversOfKind(view, "gone")
    .filter(({ member }) => member)
    .map((server) => draft(view, server, before))
    .sort((a, b) => Number(a.blockers.length > 0) - Number(b.blockers.length > 0));
  const steps: PlanStep[] = [];
  let previous: string | null = null;
  for (const { server, blockers, after, evidence, safe, streams } of drafts) {
    const { name, peer } = server;
    const target = { server: name, peer };
    const removal = makeStep({
      kind: "peer-remove",
      id: name,
      target,
      why: `${name} is gone${server.byWord ? ", as the operator says" : ` since ${server.silentSince}`}; only its removal makes the cluster replace its replicas`,
      risk:
        `if ${name} comes back with its disk, what was on it is deleted; its R1 streams are created anew, empty` +
        (view.rules.resetsSmallerConsumers ? "; consumers of fewer replicas than their stream may be reset" : ""),
      precondition: conditions(view, server),
      after: [...before.always, ...after, ...(previous === null ? [] : [previous])],
      verify: verifications.healed,
      blockers,
      safe,
      evidence,
    });
    const wait = makeStep({
      kind: "wait",
      id: `healed:${name}`,
      target,
      why: `${whatItHad(name, streams)} to be whole before anything else is changed`,
      after: [removal.id],
      verify: verifications.healed,
      safe: true,
    });
    steps.push(removal, wait);
    previous = wait.id;
  }
  return steps;
}

function whatItHad(name: string, streams: number): string {
  if (streams === 0) return "everything has";
  return streams === 1
    ? `the stream that ${name} had a part in has`
    : `the ${streams} streams that ${name} had a part in have`;
}

interface Draft {
  readonly server: ServerStanding;
  readonly blockers: readonly Blocker[];
  readonly after: readonly string[];
  readonly evidence: readonly string[];
  readonly safe: boolean;
  readonly streams: number;
}

function draft(view: View, server: ServerStanding, before: Before): Draft {
  const { meta, request } = view;
  const blockers: Blocker[] = [];
  const after: string[] = [];
  const evidence: string[] = [];
  let safe = view.inventoryComplete;
  const affected = view.streams.filter((stream) => stream.group === null || stream.group.includes(server.name));
  if (meta.living.length < meta.quorum && !meta.rescue) {
    blockers.push({
      code: "meta-quorum",
      text: `${meta.living.length} of ${meta.size} members of the meta group answer, and ${meta.quorum} are needed`,
      cure: "Start the others first.",
    });
  }
  for (const stream of affected) {
    after.push(...(before.steps.get(stream.key) ?? []));
    blockers.push(...(before.blockers.get(stream.key) ?? []));
    const judged = judgeStream(view, stream);
    if (judged.blocker !== null) blockers.push(judged.blocker);
    evidence.push(judged.evidence);
    safe &&= judged.safe && !before.short.has(stream.key);
    for (const { name, ackFloor } of consumersOn(view, stream, server.name)) {
      evidence.push(`consumer ${stream.key} > ${name} is on it, acknowledged up to ${ackFloor ?? "?"}`);
    }
  }
  // A stream that was lost elsewhere may have its last copy on this disk.
  for (const { account, stream, kind } of view.regressions) {
    if (kind === "consumer-reset") continue;
    const key = streamKey(account, stream);
    const home = view.memory.get(key)?.servers ?? [];
    const blocker = home.includes(server.name) ? lossBlocker(view, account, stream) : null;
    if (blocker === null || affected.some((one) => one.key === key)) continue;
    blockers.push({ ...blocker, code: "last-copy", text: `${server.name} may have the last copy. ${blocker.text}` });
  }
  const memory = memoryOfServer(view, server);
  if (!memory.young) evidence.unshift(memory.text);
  for (const { account, spoken, beside } of unlistedAccounts(view)) {
    // Of an account that no living server knows, a young memory has all that was on the dead ones.
    if ((!spoken && memory.young) || request.words.released.includes(`${account}/*`)) continue;
    blockers.push({
      code: "inventory-unseen",
      text: `not all streams of account ${account} are known: one with its last replica on ${server.name} would be lost unnoticed. ${memory.text}`,
      cure:
        beside === null
          ? `Give a credential of account ${account} too, or release all of it: ${account}/*.`
          : `${beside}: give it a JetStream domain of its own. Or release all of the account: ${account}/*.`,
    });
  }
  return { server, blockers: unique(blockers), after, evidence, safe, streams: affected.length };
}

interface UnlistedAccount {
  readonly account: string;
  /** A living server knows the account; else only the ledger does. */
  readonly spoken: boolean;
  /** Who may have listed the streams in the cluster's place; null: nobody did. */
  readonly beside: string | null;
}

/** Accounts that do not list their streams. */
function unlistedAccounts({ request, memory }: View): readonly UnlistedAccount[] {
  const { accounts } = request.picture.later;
  const unlisted = accounts.flatMap(({ name, inventory }): readonly UnlistedAccount[] => {
    if (isSeen(inventory)) return [];
    const beside = inventory.unseen === "not-told" ? (inventory.detail ?? null) : null;
    return [{ account: name, spoken: true, beside }];
  });
  const remembered = new Set([...memory.values()].map(({ account }) => account));
  for (const { name } of accounts) remembered.delete(name);
  return [...unlisted, ...[...remembered].map((account) => ({ account, spoken: false, beside: null }))];
}

function judgeStream(
  view: View,
  stream: StreamStanding,
): { readonly blocker: Blocker | null; readonly evidence: string; readonly safe: boolean } {
  const { key, alive, quorum, dead } = stream;
  if (stream.kind === "homeless" || stream.kind === "lost") {
    const { text, fresh } = coverOf(view, stream.account, stream.name);
    return { blocker: lossBlocker(view, stream.account, stream.name), evidence: text, safe: fresh };
  }
  const evidence = `${key}: ${alive.length} of ${stream.group?.length} peers answer, ${quorum} are needed`;
  if (stream.divergence.length > 0) {
    const text = `the replicas of ${key} differ: the one that is gone may be the good one`;
    return { blocker: { code: "diverged", text, cure: "Settle that first." }, evidence, safe: false };
  }
  if (stream.kind === "below-quorum" && stream.moving && !isEvicting(view, stream)) {
    const text = `${key} is below its quorum while it is being moved`;
    return { blocker: { code: "moving", text, cure: "Cancel the move, or bring a peer back." }, evidence, safe: false };
  }
  // The others below their quorum have steps and blockers of their own.
  if (stream.kind === "below-quorum") return { blocker: null, evidence, safe: false };
  const { cramped } = candidates(view, stream, alive);
  const fill = cramped.length > 0 ? `; ${cramped.join(", ")} has no room for it, and may be chosen all the same` : "";
  const safe = stream.kind === "degraded" && dead.length === 1 && cramped.length === 0;
  return { blocker: null, evidence: `${evidence}${fill}`, safe };
}

function conditions(view: View, server: ServerStanding): readonly Condition[] {
  const { name } = server;
  const after = view.rules.evictsDeadPeers
    ? "every stream on it has its quorum without it, or a replica with its data that answers"
    : "every stream on it has its quorum without it, or is scaled down to a replica that answers";
  return [
    condition("one-meta-leader", "one server leads the meta group, the same in both samples"),
    condition("meta-quorum", `the meta group has its quorum without ${name}`),
    condition("server-silent", `${name} does not answer`),
    ...(server.byWord
      ? [condition("fenced", `${name} is stopped for good: the operator's word`)]
      : [condition("offline-flagged", `the meta leader calls ${name} offline`)]),
    condition("no-change-in-flight", "no stream is moving, and no other member is being removed"),
    condition("streams-at-quorum", after),
    condition("r1-covered", "every stream whose last replica is on it is in a backup, or was released"),
    condition("inventory-complete", "the streams of every account are known, dead ones too"),
    condition("candidates", "a living server can take each replica, or the operator accepts fewer"),
  ];
}

function unique(blockers: readonly Blocker[]): readonly Blocker[] {
  return [...new Map(blockers.map((blocker) => [blocker.code + blocker.text, blocker])).values()];
}
