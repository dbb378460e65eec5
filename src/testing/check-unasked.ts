import assert from "node:assert/strict";
import { planCluster } from "../cluster/plan/plan-cluster.ts";
import type { PlanRequest } from "../cluster/plan/plan-request.ts";
import { viewOf } from "../cluster/plan/view.ts";
import { mayActUnasked, type ReservationCode, type Unasked } from "../cluster/watch/unasked.ts";
import type { ServerVigil, Vigil } from "../cluster/watch/vigil.ts";
import {
  before,
  now,
  remembered,
  type Situation,
  shortOfN3,
  sketchRequest,
  unanswered,
  withSpare,
} from "./sketch-situation.ts";

/** One situation of a cluster that has lost n3, and what speaks against its replacement unasked. */
export interface UnaskedRow {
  readonly story: string;
  readonly situation?: Partial<Situation>;
  /** What the watch saw of n3; by default, that it died long enough ago. */
  readonly vigil?: Partial<ServerVigil>;
  readonly signs?: Readonly<Record<string, string>>;
  readonly begun?: readonly string[];
  /** Reasons against it; none: it may. */
  readonly against: readonly ReservationCode[];
}

/** For how long n3 has been silent. */
export const silentMs = 700_000;
const died = before(silentMs);
/** A cluster with a spare, n3 of which is gone for all that can be known. */
const gone = { servers: withSpare, offline: ["n3"], silentMs };
/** What a stream held was seen when n3 was last heard. */
export const seenLast = { countersAt: died };

/** Beside a stream of three replicas an R1 on n3, as it is remembered. */
export const withLostR1 = (changes: Parameters<typeof remembered>[2] = seenLast): Partial<Situation> => ({
  streams: [shortOfN3(), unanswered("ONE")],
  memory: [remembered("ORDERS", ["n1", "n2", "n3"], seenLast), remembered("ONE", ["n3"], changes)],
});

/** What a watch saw of these servers: that each died long enough ago. */
export function vigilOf(n3: Partial<ServerVigil>, names: readonly string[] = ["n3"]): Vigil {
  const one = { answeredAt: died, silentSince: died, ...n3 };
  return { lookedAt: now, servers: new Map(names.map((name) => [name, one])) };
}

/** What the watch would do. */
export function judgeUnasked(
  request: PlanRequest,
  vigil: Vigil,
  row: Pick<UnaskedRow, "signs" | "begun"> = {},
): Unasked {
  const signsOfLife = new Map(Object.entries(row.signs ?? {}));
  const begun = new Set(row.begun);
  return mayActUnasked({ plan: planCluster(request), view: viewOf(request), vigil, signsOfLife, begun });
}

export function checkUnasked(row: UnaskedRow): void {
  const request = sketchRequest({ ...gone, streams: [shortOfN3()], ...row.situation });
  const { may, reasons } = judgeUnasked(request, vigilOf(row.vigil ?? {}), row);
  assert.deepEqual(
    [...new Set(reasons.map(({ code }) => code))].sort(),
    [...row.against].sort(),
    JSON.stringify(reasons),
  );
  assert.equal(may, row.against.length === 0);
}
