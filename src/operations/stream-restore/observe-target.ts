import type { StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { Session } from "../../jetstream/session.ts";
import { eachLimited } from "../account-backup/each-limited.ts";
import type { RestoreTarget } from "./restore-plan.ts";

export interface ObserveTargetOptions {
  /**
   * Ask the streams one by one. A server's list waits 4 s on each page while one of them does not answer, which is usual in a cluster that
   * is being recovered, and the list is asked for twice then. Default: false.
   */
  readonly oneByOne?: boolean;
}

/** Looks at the account that is restored into. Throws JETSTREAM_UNAVAILABLE, PERMISSION_DENIED, TIMEOUT. */
export async function observeTarget(
  { api }: Session,
  { oneByOne = false }: ObserveTargetOptions = {},
): Promise<RestoreTarget> {
  const listing = oneByOne ? askOneByOne(api) : api.streams();
  const [account, { streams, missing }] = await Promise.all([api.accountInfo(), listing]);
  const { info } = api.connection;
  return {
    version: api.serverVersion,
    clustered: Boolean(info?.cluster),
    account,
    streams,
    missing,
    maxPayload: info?.max_payload ?? 1024 * 1024,
  };
}

/** Answers are small, and those that do not come are waited for together. */
const atOnce = 512;
/** How long one may take to answer, in ms. */
const answerMs = 2_000;

async function askOneByOne(api: JetStreamApi): Promise<Pick<RestoreTarget, "streams" | "missing">> {
  const streams: StreamInfo[] = [];
  const missing: string[] = [];
  await eachLimited(await api.streamNames(), atOnce, async (name) => {
    try {
      streams.push(await api.request<StreamInfo>(`STREAM.INFO.${name}`, undefined, { timeoutMs: answerMs }));
    } catch {
      // Whatever the reason, its name is taken, and nothing else is known of it.
      missing.push(name);
    }
  });
  return { streams, missing };
}
