import { type Regression, regressions } from "../regressions.ts";
import { isSeen } from "../unseen.ts";
import { type ClusterRules, clusterRules } from "../version-hazards.ts";
import { holdReasons, type MetaStanding, metaStanding } from "./meta-standing.ts";
import type { PlanRequest } from "./plan-request.ts";
import { type ServerStanding, serverStandings } from "./server-standing.ts";
import { type StreamStanding, streamStandings } from "./stream-standing.ts";

/** What the planner's parts all look at: the request, judged once. */
export interface View {
  readonly request: PlanRequest;
  readonly rules: ClusterRules;
  readonly servers: ReadonlyMap<string, ServerStanding>;
  readonly meta: MetaStanding;
  readonly streams: readonly StreamStanding[];
  readonly regressions: readonly Regression[];
  /** Nothing may be done for these reasons. */
  readonly hold: readonly string[];
  /** Every account's streams are known, dead ones too. */
  readonly inventoryComplete: boolean;
}

export function viewOf(request: PlanRequest): View {
  const { picture, ledger } = request;
  const versions = picture.later.servers.flatMap(({ version }) => (isSeen(version) ? [version] : []));
  const rules = clusterRules(versions);
  const servers = serverStandings(request, rules);
  const meta = metaStanding(picture, servers);
  return {
    request,
    rules,
    servers,
    meta,
    streams: streamStandings(picture, ledger, servers),
    regressions: regressions(ledger, picture),
    hold: holdReasons(picture, meta, servers),
    inventoryComplete: picture.later.accounts.every(({ inventory }) => isSeen(inventory)),
  };
}

export const serversOfKind = (view: View, ...kinds: readonly ServerStanding["kind"][]): readonly ServerStanding[] =>
  [...view.servers.values()].filter(({ kind }) => kinds.includes(kind)).sort((a, b) => (a.name < b.name ? -1 : 1));
