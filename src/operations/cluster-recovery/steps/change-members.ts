import { setTimeout as sleep } from "node:timers/promises";
import { pingServers } from "../../../cluster/observe/ask-servers.ts";
import { isUnseen } from "../../../cluster/unseen.ts";
import { isRelightError, RelightError } from "../../../errors.ts";
import { ApiErrorCode } from "../../../jetstream/api-error-codes.ts";
import { accountOf, ask, type CarriedOut, type StepContext, streamOf, surprise, systemApi } from "./step-context.ts";

/** How often a removal is asked for again while the meta group works on another change, and how long between, in ms. */
const again = { times: 5, ms: 1_000 };
/** How long the servers may take to say that they are there, in ms. */
const pingMs = 700;

/**
 * Removes a server from the meta group, by its peer id: names of servers that were not heard of since the leader's start are not
 * known to it. Once more it is seen first that the server does not answer, since a person may have thought about it for an hour.
 */
export async function removeServer(context: StepContext): Promise<CarriedOut> {
  const { server, peer } = context.step.target;
  if (server === null || peer === null) throw new RelightError("INTERNAL", `${context.step.id} names no server`);
  const answers = await pingServers(context.system, { longestMs: pingMs });
  if (isUnseen(answers)) throw surprise("no server answers on the system account any more");
  if (answers.some((answer) => answer.server.name === server)) throw surprise(`${server} answers: it is not gone`);
  const body = context.view.rules.removesByPeerId ? { peer: "", peer_id: peer } : { peer: server };
  for (let tries = 1; ; tries++) {
    try {
      const answer = await ask(systemApi(context), "SERVER.REMOVE", body);
      return { evidence: [`${server} did not answer ${answers.length} others' roll call`, answer] };
    } catch (error) {
      const code = isRelightError(error, "API_ERROR") ? error.context.errCode : undefined;
      // An earlier request of this kind, answered by nobody, was acted upon.
      if (code === ApiErrorCode.notAMember) return { evidence: [`${server} is no member any more`] };
      if (code !== ApiErrorCode.memberChangeInProgress || tries > again.times) throw error;
      await sleep(again.ms);
    }
  }
}

/** Takes a peer out of one stream's group. */
export async function removePeer(context: StepContext): Promise<CarriedOut> {
  const { server, peer } = context.step.target;
  const { api } = accountOf(context);
  return { evidence: [await ask(api, `STREAM.PEER.REMOVE.${streamOf(context)}`, { peer: server ?? peer })] };
}

/** Has a living server give everything that it holds to others (2.15). */
export async function evacuate(context: StepContext): Promise<CarriedOut> {
  const { peer } = context.step.target;
  return { evidence: [await ask(systemApi(context), "SERVER.EVACUATE", { peer: "", peer_id: peer })] };
}

/**
 * Lowers the quorum of a meta group that has no leader (2.15). Every server that hears it answers for itself. Throws API_ERROR where
 * none did it, with what they said.
 */
export async function rescueMeta({ system, step }: StepContext): Promise<CarriedOut> {
  const { quorumNeeded } = step.arguments;
  if (quorumNeeded === null) throw new RelightError("INTERNAL", `${step.id} does not say which quorum`);
  const said: string[] = [];
  let done = 0;
  const body = JSON.stringify({ quorum_needed: quorumNeeded });
  const replies = await system.requestMany("$JS.API.META.RESCUE", body, { strategy: "timer", maxWait: 2_000 });
  for await (const reply of replies) {
    const answer = reply.json<{ server?: string; new_quorum?: number; error?: { description?: string } }>();
    if (answer.error) said.push(`a server refuses the rescue: ${answer.error.description ?? "no reason given"}`);
    else {
      done++;
      said.push(`${answer.server} lowered its quorum to ${answer.new_quorum}`);
    }
  }
  if (done > 0) return { evidence: said };
  throw new RelightError("API_ERROR", said.join("; ") || "no server answered the rescue");
}
