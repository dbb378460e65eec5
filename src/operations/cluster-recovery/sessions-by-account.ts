import type { Sample } from "../../cluster/picture.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { isSeen } from "../../cluster/unseen.ts";
import type { Session } from "../../jetstream/session.ts";
import type { RecoveryRequest } from "./recovery-request.ts";

type Sessions = Pick<RecoveryRequest, "account" | "others">;

/** The session of each account that there is one of, as a look tells whose they are. */
export function sessionsByAccount({ sight }: Sample, { account, others = [] }: Sessions): ReadonlyMap<string, Session> {
  const told = [...(account ? [sight.account] : []), ...sight.others];
  const sessions = [...(account ? [account] : []), ...others];
  return new Map(
    sessions.flatMap((session, index) => {
      const name = told[index];
      return name !== undefined && isSeen(name) ? [[name, session] as const] : [];
    }),
  );
}

/** The session that a step needs; for one of the cluster as a whole, any. */
export function sessionOf({ target }: PlanStep, sample: Sample, sessions: Sessions): Session | undefined {
  if (target.account === null) return sessions.account;
  return sessionsByAccount(sample, sessions).get(target.account);
}
