import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { randomRequest } from "../../testing/random-situation.ts";
import { ShippedSchemas } from "../../testing/shipped-schemas.ts";
import type { MetaPicture, Sample, StreamPicture } from "../picture.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { ClusterPlan, PlanStep } from "./cluster-plan.ts";
import { planCluster } from "./plan-cluster.ts";
import type { PlanRequest } from "./plan-request.ts";

// These say what must never be, from the picture alone: they share no code with the planner.

const schemas = new ShippedSchemas();
const numRuns = process.env.RELIGHT_LONG ? 100_000 : 3_000;

const samples = ({ picture }: PlanRequest): readonly Sample[] =>
  picture.earlier === null ? [picture.later] : [picture.earlier, picture.later];
const meta = (sample: Sample): MetaPicture | null => seenOr(sample.meta, null);
const serves = (sample: Sample, name: string): boolean =>
  sample.servers.some(
    (server) => server.name === name && server.answers === true && isSeen(server.jetstream) && server.jetstream.enabled,
  );
const talks = (sample: Sample, name: string): boolean =>
  sample.servers.some((server) => server.name === name && server.answers === true);
/** Starting servers count where the step waits for them. */
const servesFor = (sample: Sample, plan: ClusterPlan, step: PlanStep, name: string): boolean =>
  serves(sample, name) || (talks(sample, name) && closure(plan, step).some(({ id }) => id === `wait:starting:${name}`));
const streamsOf = (sample: Sample): readonly StreamPicture[] => sample.accounts.flatMap(({ streams }) => streams);

function twoLeaders(request: PlanRequest): boolean {
  return samples(request).some((sample) => {
    const claims = meta(sample)?.claims.filter(({ server, leader }) => server === leader) ?? [];
    return claims.length > 1 || streamsOf(sample).some(({ claimants }) => claimants.length > 1);
  });
}

/** All that comes before a step. */
function closure(plan: ClusterPlan, step: PlanStep): readonly PlanStep[] {
  const found = new Map<string, PlanStep>();
  const visit = (ids: readonly string[]): void => {
    for (const id of ids) {
      const next = plan.steps.find((one) => one.id === id);
      assert.ok(next, `${id} is not in the plan`);
      if (found.has(id)) continue;
      found.set(id, next);
      visit(next.after);
    }
  };
  visit(step.after);
  return [...found.values()];
}

function coveredOrReleased(request: PlanRequest, account: string, name: string): boolean {
  if (request.words.released.includes(`${account}/${name}`)) return true;
  const known = request.ledger.streams.find((stream) => stream.account === account && stream.name === name)?.counters;
  return (
    known != null &&
    request.backups.some((backup) => backup.proven && backup.stream === name && backup.lastSeq >= known.lastSeq)
  );
}

/** Where a stream lives: what the servers say, else what is remembered; null: nobody knows. */
function homeOf(request: PlanRequest, account: string, name: string): readonly string[] | null {
  const stream = streamsOf(request.picture.later).find((one) => one.account === account && one.name === name);
  const peers = stream === undefined ? [] : seenOr(stream.peers, []);
  if (peers.length > 0) return peers.map((peer) => peer.name ?? peer.peer);
  const leader = stream === undefined ? null : seenOr(stream.leader, null);
  if (leader !== null) return [leader];
  const remembered = request.ledger.streams.find((one) => one.account === account && one.name === name)?.servers ?? [];
  return remembered.length > 0 ? remembered : null;
}

function checkRemoval(request: PlanRequest, plan: ClusterPlan, removal: PlanStep): void {
  const { server } = removal.target;
  const { later } = request.picture;
  assert.ok(server !== null && meta(later) !== null);
  for (const sample of samples(request)) assert.ok(!talks(sample, server), `${server} answers`);
  const state = meta(later) as MetaPicture;
  const peers = seenOr(state.peers, []);
  const living = peers.filter((peer) => peer.name !== null && talks(later, peer.name) && peer.name !== server).length;
  const lacking = living < Math.floor(state.size / 2) + 1;
  assert.ok(!lacking || state.rescue, `the meta group has ${living} of ${state.size}`);
  const flagged = (name: string): boolean =>
    peers.some((peer) => peer.name === name && isSeen(peer.standing) && peer.standing.offline);
  const saidGone = (name: string): boolean => request.words.gone.includes(name);
  assert.ok(flagged(server) || saidGone(server), "neither offline nor said to be gone");

  for (const { name, inventory } of later.accounts) {
    assert.ok(isSeen(inventory) || request.words.released.includes(`${name}/*`), "streams may be lost unnoticed");
  }
  for (const { account, name } of streamsOf(later)) {
    const home = homeOf(request, account, name);
    if (home !== null && !home.includes(server)) continue;
    const alive = (home ?? []).filter((peer) => servesFor(later, plan, removal, peer));
    const text: string = `${account}/${name} on ${home?.join()}, without ${server}`;
    if (alive.length === 0) {
      assert.ok(coveredOrReleased(request, account, name), `${text}: its last replica, without cover`);
      continue;
    }
    if (alive.length >= Math.floor((home ?? []).length / 2) + 1) continue;
    // Below quorum. On 2.15 the removal makes the survivors elect, if all the others are gone too; else it is scaled down first.
    const others = (home ?? []).filter((peer) => !alive.includes(peer));
    for (const peer of others) assert.ok(flagged(peer) || saidGone(peer), `${text}: ${peer} may come back`);
    if (plan.versions.length > 0 && plan.versions.every((version) => version.startsWith("2.15"))) continue;
    const before = closure(plan, removal).filter(({ kind, target }) => kind === "scale-down" && target.stream === name);
    assert.equal(before.length, 1, `${text}: below quorum, and not scaled down first`);
    assert.equal(before[0]?.blockers.length, 0, `${text}: its scaling down is blocked, and the removal is not`);
  }
}

function checkScaleDown(request: PlanRequest, plan: ClusterPlan, step: PlanStep): void {
  const { account, stream } = step.target;
  assert.ok(account !== null && stream !== null);
  const home = homeOf(request, account, stream) ?? [];
  const alive = home.filter((peer) => servesFor(request.picture.later, plan, step, peer));
  assert.ok(alive.length > 0, "scaled down without a survivor");
  const peers = seenOr(meta(request.picture.later)?.peers ?? { unseen: "not-told" }, []);
  const unflagged = home.filter(
    (name) =>
      !alive.includes(name) &&
      !peers.some((peer) => peer.name === name && isSeen(peer.standing) && peer.standing.offline),
  );
  const waits = closure(plan, step).some(({ id }) => id === `wait:offline:${account}/${stream}`);
  assert.ok(unflagged.length === 0 || waits, `${unflagged.join()} is not flagged offline, and nothing waits for it`);
  const known = request.ledger.streams.find((one) => one.account === account && one.name === stream)?.counters;
  const seen = streamsOf(request.picture.later).find((one) => one.account === account && one.name === stream);
  const best = Math.max(0, ...seenOr(seen?.replicas ?? [], []).map((replica) => replica.state.lastSeq));
  const enough = known == null || best >= known.lastSeq;
  assert.ok(enough || coveredOrReleased(request, account, stream), "the survivor has less than was known");
}

const isRemoval = ({ kind }: PlanStep): boolean => kind === "peer-remove";

describe("no plan, whatever the picture", () => {
  const always = (check: (request: PlanRequest, plan: ClusterPlan) => void): void => {
    fc.assert(
      fc.property(randomRequest, (request) => check(request, planCluster(request))),
      { numRuns },
    );
  };

  it("CP-80: removes a server where a stream or the meta group would be left below quorum, or an R1 lost without cover", () => {
    let removals = 0;
    always((request, plan) => {
      for (const step of plan.steps) {
        if (!isRemoval(step) || step.blockers.length > 0 || step.target.stream !== null) continue;
        removals++;
        checkRemoval(request, plan, step);
      }
    });
    assert.ok(removals > numRuns / 100, `only ${removals} removals were seen`);
  });

  it("CP-81: deletes what is left of a stream without cover or the operator's release", () => {
    let deletions = 0;
    always((request, plan) => {
      for (const { kind, target, blockers } of plan.steps) {
        if (kind !== "delete-stub" || blockers.length > 0) continue;
        deletions++;
        assert.ok(coveredOrReleased(request, target.account ?? "", target.stream ?? ""));
      }
    });
    assert.ok(deletions > numRuns / 1000, `only ${deletions} deletions were seen`);
  });

  it("CP-82: acts with two possible leaders", () => {
    let held = 0;
    always((request, plan) => {
      if (!twoLeaders(request)) return;
      held++;
      for (const { kind } of plan.steps) assert.ok(kind === "wait" || kind === "ask", kind);
      assert.ok(plan.steps.length > 0);
    });
    assert.ok(held > numRuns / 300, `only ${held} such pictures were seen`);
  });

  it("CP-83: has two removals without a wait for the first between them", () => {
    let pairs = 0;
    always((_, plan) => {
      const removals = plan.steps.filter(isRemoval);
      for (const [index, later] of removals.entries()) {
        const before = closure(plan, later);
        for (const earlier of removals.slice(0, index)) {
          pairs++;
          assert.ok(before.some(({ kind, after }) => kind === "wait" && after.includes(earlier.id)));
        }
      }
    });
    assert.ok(pairs > numRuns / 300, `only ${pairs} pairs were seen`);
  });

  it("CP-84: scales down without a survivor that has the data, or while a dead peer is not flagged offline", () => {
    let downs = 0;
    always((request, plan) => {
      for (const step of plan.steps) {
        if (step.kind !== "scale-down" || step.blockers.length > 0) continue;
        downs++;
        checkScaleDown(request, plan, step);
      }
    });
    assert.ok(downs > numRuns / 1000, `only ${downs} were seen`);
  });

  it("CP-85: names a step twice, or one that comes before what it waits for, and every plan is what its schema says", () => {
    always((request, plan) => {
      schemas.check("cluster-plan", JSON.parse(JSON.stringify(plan)));
      const seen = new Set<string>();
      for (const { id, after, state, blockers, safe } of plan.steps) {
        assert.ok(!seen.has(id), `${id} is there twice`);
        for (const earlier of after) assert.ok(seen.has(earlier), `${id} waits for ${earlier}, which is not before it`);
        assert.equal(state === "blocked", blockers.length > 0);
        if (state === "ready") assert.deepEqual(after, []);
        assert.ok(!safe || blockers.length === 0);
        seen.add(id);
      }
      assert.deepEqual(planCluster(request), plan);
    });
  });
});
