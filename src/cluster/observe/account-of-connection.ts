import type { NatsConnection } from "@nats-io/nats-core";

/**
 * The account that a connection belongs to, by the word of the server that it is on; undefined where that does not tell. For
 * servers before 2.10, which do not tell a user who he is.
 */
export async function accountOfConnection(
  connection: Pick<NatsConnection, "info">,
  system: NatsConnection,
  timeoutMs: number,
): Promise<string | undefined> {
  const { server_id, client_id } = connection.info ?? {};
  if (server_id === undefined || client_id === undefined) return undefined;
  try {
    const request = JSON.stringify({ cid: client_id, auth: true });
    const reply = await system.request(`$SYS.REQ.SERVER.${server_id}.CONNZ`, request, { timeout: timeoutMs });
    const { data } = reply.json<{ data?: { connections?: readonly { cid: number; account?: string }[] } }>();
    return data?.connections?.find(({ cid }) => cid === client_id)?.account;
  } catch {
    return undefined;
  }
}
