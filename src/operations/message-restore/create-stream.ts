import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import { ApiErrorCode } from "../../jetstream/api-error-codes.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

/** How long a cluster that has just started may take to know its peers. */
const peersMs = 5_000;

/** Creates a stream; where a cluster has no peers for it, once more for a while. Throws what the API throws. */
export async function createStream(api: JetStreamApi, config: StreamConfig): Promise<void> {
  const until = Date.now() + peersMs;
  for (;;) {
    try {
      await api.createStream(config);
      return;
    } catch (error) {
      const noPeers = isRelightError(error, "API_ERROR") && error.context.errCode === ApiErrorCode.noPeers;
      if (!noPeers || Date.now() >= until) throw error;
      await sleep(100);
    }
  }
}
