import { byAccount, nameless } from "../../cluster/by-account.ts";
import type { Sample } from "../../cluster/picture.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { Session } from "../../jetstream/session.ts";
import type { RecoveryRequest } from "./recovery-request.ts";

type Sessions = Pick<RecoveryRequest, "account" | "others">;

/** The session of each account that there is one of, as a look tells whose they are. With one that is not told nothing is done. */
export function sessionsByAccount(sample: Sample, sessions: Sessions): ReadonlyMap<string, Session> {
  return new Map([...byAccount(sample, sessions)].filter(([name]) => name !== nameless));
}

/** The session that a step needs; for one of the cluster as a whole, any. */
export function sessionOf({ target }: PlanStep, sample: Sample, sessions: Sessions): Session | undefined {
  if (target.account === null) return sessions.account;
  return sessionsByAccount(sample, sessions).get(target.account);
}
