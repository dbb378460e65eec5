import { type NatsConnection, RequestError } from "@nats-io/nats-core";
import { headerBlock } from "./publish.ts";

/**
 * Waits until what is published to these subjects reaches a stream: in a cluster a new stream's subjects take a moment
 * to be known to the server one is connected to, and until then nobody answers and messages without a reply are lost.
 *
 * Knocks with messages that no stream stores, because they expect another stream. At most 10 seconds for each subject, and
 * only once without a cluster.
 */
export async function awaitInterest(nc: NatsConnection, subjects: readonly string[]): Promise<void> {
  const headers = headerBlock([["Nats-Expected-Stream", "no-such-stream"]]);
  for (const subject of subjects) {
    const plain = subject.replace(/[*>]/g, "probe");
    const until = Date.now() + 10_000;
    for (;;) {
      try {
        await nc.request(plain, "", { timeout: 500, headers });
        break;
      } catch (error) {
        // Not answered, but heard: a stream that acknowledges nothing.
        if (!(error instanceof RequestError && error.isNoResponders())) break;
        if (Date.now() > until || !nc.info?.cluster) throw new Error(`no stream takes ${subject}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
