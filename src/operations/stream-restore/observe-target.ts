import type { Session } from "../../jetstream/session.ts";
import type { RestoreTarget } from "./restore-plan.ts";

/** Looks at the account that is restored into. Throws JETSTREAM_UNAVAILABLE, PERMISSION_DENIED, TIMEOUT. */
export async function observeTarget(session: Session): Promise<RestoreTarget> {
  const { api } = session;
  const [account, listed, names] = await Promise.all([api.accountInfo(), api.streams(), api.streamNames()]);
  const answered = new Set(listed.streams.map((info) => info.config.name));
  const { info } = api.connection;
  return {
    version: api.serverVersion,
    clustered: Boolean(info?.cluster),
    account,
    streams: listed.streams,
    missing: names.filter((name) => !answered.has(name)),
    maxPayload: info?.max_payload ?? 1024 * 1024,
  };
}
