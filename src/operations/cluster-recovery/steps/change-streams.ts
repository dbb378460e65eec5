import { isRelightError, RelightError } from "../../../errors.ts";
import { accountOf, ask, type CarriedOut, type StepContext, streamOf, surprise, systemApi } from "./step-context.ts";

/** Gives a stream another number of replicas, and leaves the rest of its configuration as the server has it just now. */
export async function scale(context: StepContext): Promise<CarriedOut> {
  const { api } = accountOf(context);
  const stream = streamOf(context);
  const { replicas } = context.step.arguments;
  if (replicas === null) throw new RelightError("INTERNAL", `${context.step.id} does not say how many replicas`);
  const { config } = await api.streamInfo(stream);
  const answer = await ask(api, `STREAM.UPDATE.${stream}`, { ...config, num_replicas: replicas });
  return { evidence: [`it had num_replicas ${config.num_replicas ?? 1}`, answer] };
}

/** Makes a stream's or a consumer's group elect. That nobody leads it is no failure: it is why it is done. */
export async function stepDown(context: StepContext): Promise<CarriedOut> {
  const { api } = accountOf(context);
  const stream = streamOf(context);
  const { consumer } = context.step.target;
  const { preferred } = context.step.arguments;
  const subject =
    consumer === null ? `STREAM.LEADER.STEPDOWN.${stream}` : `CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`;
  try {
    return { evidence: [await ask(api, subject, preferred === null ? undefined : { placement: { preferred } })] };
  } catch (error) {
    if (isRelightError(error, "STREAM_OFFLINE") || isRelightError(error, "JETSTREAM_UNAVAILABLE")) {
      return { evidence: [`nobody could step down: ${error.message}`] };
    }
    throw error;
  }
}

export async function cancelMove(context: StepContext): Promise<CarriedOut> {
  const { account } = context.step.target;
  return { evidence: [await ask(systemApi(context), `ACCOUNT.STREAM.CANCEL_MOVE.${account}.${streamOf(context)}`)] };
}

/**
 * Deletes what is left under the name of a lost stream. Once more it is seen first that it does not answer, or holds nothing. The
 * deletion of a stream whose servers are dead is not answered, and applied all the same.
 */
export async function deleteStub(context: StepContext): Promise<CarriedOut> {
  const { api } = accountOf(context);
  const stream = streamOf(context);
  const { lastSeq } = context.step.arguments;
  let seen: string;
  try {
    const { state } = await api.request<{ state: { messages: number; last_seq: number } }>(
      `STREAM.INFO.${stream}`,
      undefined,
      { timeoutMs: 2_000 },
    );
    const named = context.view.request.words.restore.includes(`${context.step.target.account}/${stream}`);
    const halfMade = lastSeq !== null && state.last_seq <= lastSeq;
    if (state.messages > 0 && !named && !halfMade)
      throw surprise(`${stream} holds ${state.messages} messages: it is no empty stub`);
    seen = `it held ${state.messages} messages, and ended at ${state.last_seq}`;
  } catch (error) {
    const silent = ["TIMEOUT", "STREAM_OFFLINE", "JETSTREAM_UNAVAILABLE", "STREAM_NOT_FOUND"] as const;
    if (!silent.some((code) => isRelightError(error, code))) throw error;
    seen = `it did not answer: ${(error as Error).message}`;
  }
  // Also what nobody finds: a restore that was cut off leaves a name on 2.10 that is listed, and taken.
  try {
    return { evidence: [seen, await ask(api, `STREAM.DELETE.${stream}`)] };
  } catch (error) {
    if (isRelightError(error, "STREAM_NOT_FOUND")) return { evidence: [seen, "it was gone already"] };
    throw error;
  }
}
