import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";

/**
 * Makes the server write the stream's configuration file anew. A v1 archive carries its own, and fields in it that this
 * server does not know are harmless until the next restart, which then finds the stream unreadable (2.11.17, 2.12 and
 * later: error 10194). Two updates, because one that changes nothing writes nothing.
 */
export async function settleConfig(session: Session, config: StreamConfig): Promise<void> {
  await session.api.updateStream({ ...config, description: `${config.description ?? ""} ` });
  await session.api.updateStream(config);
}
