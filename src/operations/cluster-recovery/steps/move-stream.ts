import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError, RelightError } from "../../../errors.ts";
import type { ClusterInfo, ConsumerInfo, StreamConfig } from "../../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../../jetstream/jetstream-api.ts";
import { accountOf, ask, type CarriedOut, type StepContext, streamOf, systemApi } from "./step-context.ts";

const pauseMs = 500;
/** How long the same may be lacking of a second replica, in ms. */
const stuckMs = 60_000;

/** Moves a stream off a living server; where to, the meta leader chooses. */
export async function moveStream(context: StepContext): Promise<CarriedOut> {
  const { account, server } = context.step.target;
  const stream = streamOf(context);
  if (context.view.rules.movesResetConsumers && context.account !== undefined) {
    const { api } = context.account;
    const { config } = await api.streamInfo(stream);
    const durables = await durablesOf(api, stream);
    // One that may never have a second replica forgets what is unacknowledged on this way: worse than being begun anew.
    const follow = durables.length > 0 && durables.every((consumer) => consumer.config.num_replicas !== 1);
    if (config.num_replicas === 1 && follow) return moveByReplica(context, config);
  }
  const subject = `ACCOUNT.STREAM.MOVE.${account}.${stream}`;
  return { evidence: [await ask(systemApi(context), subject, { server, cluster: "", domain: "", tags: [] })] };
}

/**
 * A stream of one replica whose consumers have to go with it, where the server's own move may begin them anew: seen on 2.10.26 and
 * 2.10.27, mostly from the second move of a stream on, when the new server is elected before it has what the old one knows. So the
 * stream is given a second replica; when that one has everything, it is made to lead, and the first is given up.
 *
 * Throws STEP_UNVERIFIED, and what the API throws; the stream then has one replica again, on the server that leads it.
 */
async function moveByReplica(context: StepContext, config: StreamConfig): Promise<CarriedOut> {
  const { api } = accountOf(context);
  const { server } = context.step.target;
  const update = `STREAM.UPDATE.${config.name}`;
  const evidence = [
    "its consumers go with it by a second replica",
    await ask(api, update, { ...config, num_replicas: 2 }),
  ];
  try {
    await until(context, () => whatSecondLacks(api, config.name));
    await until(context, async () => {
      const leader = (await api.streamInfo(config.name)).cluster?.leader;
      if (leader === server) await ask(api, `STREAM.LEADER.STEPDOWN.${config.name}`);
      return leader && leader !== server ? "" : `${leader || "nobody"} leads ${config.name}`;
    });
  } finally {
    evidence.push(await ask(api, update, { ...config, num_replicas: 1 }));
  }
  await until(context, async () => {
    const { num_replicas } = (await api.streamInfo(config.name)).config;
    return num_replicas === 1 ? "" : `${config.name} still has num_replicas ${num_replicas}`;
  });
  return { evidence };
}

/** What the second replica of a stream and of its consumers has not got yet; empty: nothing. */
async function whatSecondLacks(api: JetStreamApi, stream: string): Promise<string> {
  const { cluster } = await api.streamInfo(stream);
  const durables = await durablesOf(api, stream);
  const lacks = [
    behind(stream, cluster),
    ...durables.map((consumer) => behind(`consumer ${consumer.name}`, consumer.cluster)),
  ];
  return lacks.filter((lack) => lack !== "").join("; ");
}

/** Others have one replica, and never get a second one. */
async function durablesOf(api: JetStreamApi, stream: string): Promise<readonly ConsumerInfo[]> {
  const { consumers } = await api.consumers(stream);
  return consumers.filter(({ config }) => config.durable_name !== undefined);
}

function behind(what: string, cluster: ClusterInfo | null | undefined): string {
  const [follower] = cluster?.replicas ?? [];
  if (!cluster?.leader) return `${what} has no leader`;
  if (follower === undefined) return `${what} has no second replica yet`;
  const { current, lag = 0 } = follower;
  return current && lag === 0 ? "" : `${follower.name} is ${lag} entries behind with ${what}`;
}

/** Waits until nothing is lacking, in two looks in a row. Throws STEP_UNVERIFIED where the same is lacking for too long. */
async function until({ step, signal, say }: StepContext, lacking: () => Promise<string>): Promise<void> {
  let last = "";
  let since = Date.now();
  for (let row = 0; row < 2; ) {
    await sleep(pauseMs, undefined, signal ? { signal } : {});
    const lack = await lacking().catch((error: unknown) => {
      // While a group elects nobody answers for it.
      if (isRelightError(error, "TIMEOUT") || isRelightError(error, "JETSTREAM_UNAVAILABLE")) return error.message;
      throw error;
    });
    row = lack === "" ? row + 1 : 0;
    if (lack === last) {
      if (lack !== "" && Date.now() - since > stuckMs) {
        throw new RelightError("STEP_UNVERIFIED", `${step.id}: ${lack}, for ${Math.round(stuckMs / 1000)} s`);
      }
    } else {
      last = lack;
      since = Date.now();
      if (lack !== "") say(lack);
    }
  }
}
