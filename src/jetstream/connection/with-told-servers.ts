import { isRelightError } from "../../errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { isWebSocket, parseServers, type ServerAddress } from "./server-url.ts";

/**
 * The same settings for the other servers of a cluster, as one of its servers told of them ("10.0.0.5:4222"): the servers that were
 * given may be the ones that die. null: none was told, or none that was not given. WebSockets have addresses of their own.
 */
export function withToldServers(
  settings: ConnectionSettings,
  told: readonly string[] | undefined,
): ConnectionSettings | null {
  const [first] = settings.servers;
  if (first === undefined || isWebSocket(first)) return null;
  const { scheme, userInfo } = first;
  const given = new Set(settings.servers.map(addressOf));
  const others = (told ?? []).flatMap((address) => parsed(`${scheme}://${address}`));
  const servers = others
    .filter((server) => !given.has(addressOf(server)))
    .map((server) => (userInfo === undefined ? server : { ...server, userInfo }));
  if (servers.length === 0) return null;
  return { ...settings, servers, serversOrigin: "the cluster itself" };
}

/**
 * Opens a connection; where none of the given servers can be reached any more, one to the others that `told` names by then.
 * Throws what `open` throws: where there are no others, for the servers that were given.
 */
export async function orToldServers<Connection>(
  settings: ConnectionSettings,
  told: () => readonly string[] | undefined,
  open: (settings: ConnectionSettings) => Promise<Connection>,
): Promise<Connection> {
  try {
    return await open(settings);
  } catch (error) {
    const others = isRelightError(error, "CONNECT_FAILED") ? withToldServers(settings, told()) : null;
    if (others === null) throw error;
    return await open(others);
  }
}

const addressOf = ({ host, port }: ServerAddress): string => `${host} ${port}`;

/** What a server tells that is no address is not asked for. */
function parsed(url: string): readonly ServerAddress[] {
  try {
    return parseServers(url, "the server");
  } catch (error) {
    if (!isRelightError(error, "USAGE")) throw error;
    return [];
  }
}
