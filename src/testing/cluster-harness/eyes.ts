import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { Session } from "../../jetstream/session.ts";
import { openTestSession } from "../open-test-session.ts";

/** What it takes to see a cluster: a session of the account that has the streams, and a connection of the system account. */
export interface Eyes extends AsyncDisposable {
  readonly session: Session;
  readonly system: NatsConnection;
}

/** Looks from these nodes, and from no other. */
export async function openEyes(urls: readonly string[]): Promise<Eyes> {
  await using opening = new AsyncDisposableStack();
  const session = opening.use(await openTestSession(urls.join(","), "5s"));
  const system = await connect({ servers: [...urls], user: "sys", pass: "sys", ignoreClusterUpdates: true });
  opening.defer(() => system.close());
  const resources = opening.move();
  return { session, system, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
