import type { Session } from "../../jetstream/session.ts";
import type { RestoreTarget } from "./restore-plan.ts";

/** Looks at the account that is restored into. Throws JETSTREAM_UNAVAILABLE, PERMISSION_DENIED, TIMEOUT. */
export async function observeTarget(session: Session): Promise<RestoreTarget> {
  const { api } = session;
  const [account, { streams, missing }] = await Promise.all([api.accountInfo(), api.streams()]);
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
