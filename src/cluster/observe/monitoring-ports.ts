import type { NatsConnection } from "@nats-io/nats-core";
import type { MonitoringPort } from "../doctor/background.ts";
import type { Sample } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import { askServer } from "./ask-servers.ts";

interface VarzAnswer {
  readonly http_host?: string;
  readonly http_port?: number;
  readonly https_port?: number;
}

/** Where the servers of a look listen for monitoring. One that does not say is left out. Never throws for what servers do. */
export async function monitoringPorts(
  system: NatsConnection,
  { servers }: Sample,
  timeoutMs = 2_000,
): Promise<readonly MonitoringPort[]> {
  const asked = servers.map(async ({ name, id }): Promise<readonly MonitoringPort[]> => {
    const varz = isSeen(id) ? await askServer<VarzAnswer>(system, id, "VARZ", {}, timeoutMs) : id;
    if (!isSeen(varz)) return [];
    const { http_host: host = "", http_port: http = 0, https_port: https = 0 } = varz;
    return [http, https].filter((port) => port > 0).map((port) => ({ server: name, host: host || "0.0.0.0", port }));
  });
  return (await Promise.all(asked)).flat();
}
