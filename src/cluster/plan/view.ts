import { type Regression, regressions } from "../regressions.ts";
import { isSeen } from "../unseen.ts";
import { type ClusterRules, clusterRules } from "../version-hazards.ts";
import { holdReasons, judgeMeta, type MetaStanding } from "./judge-meta.ts";
import { judgeServers, type ServerStanding } from "./judge-servers.ts";
import { judgeStreams, type StreamStanding } from "./judge-streams.ts";
import type { PlanRequest } from "./plan-request.ts";

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
  const servers = judgeServers(request, rules);
  const meta = judgeMeta(picture, servers);
  return {
    request,
    rules,
    servers,
    meta,
    streams: judgeStreams(picture, ledger, servers),
    regressions: regressions(ledger, picture),
    hold: holdReasons(picture, meta, servers),
    inventoryComplete: picture.later.accounts.every(({ inventory }) => isSeen(inventory)),
  };
}

export const serversOfKind = (view: View, ...kinds: readonly ServerStanding["kind"][]): readonly ServerStanding[] =>
  [...view.servers.values()].filter(({ kind }) => kinds.includes(kind)).sort((a, b) => (a.name < b.name ? -1 : 1));
