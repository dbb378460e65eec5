import { peerIdOf } from "../peer-id.ts";
import type { HealthPicture, JetStreamPicture, ServerPicture } from "../server-picture.ts";
import { isSeen, isUnseen, type Known, type Unseen } from "../unseen.ts";
import type { HealthzAnswer, JszAnswer, StatszAnswer } from "./server-answers.ts";
import type { ServerView, SystemView } from "./system-view.ts";

/** The servers that answered. */
export function pictureServers({ servers, askedAt, answeredAt }: SystemView): readonly ServerPicture[] {
  return servers.map((view) => pictureServer(view, askedAt, answeredAt));
}

function pictureServer({ ping, jsz, health }: ServerView, askedAt: number, answeredAt: number): ServerPicture {
  const { name, id, ver, cluster, domain, tags, time } = ping.server;
  return {
    name,
    peer: peerIdOf(name),
    answers: true,
    lastSeen: new Date(answeredAt).toISOString(),
    id,
    version: ver,
    cluster: cluster ?? "",
    domain: domain || null,
    tags: tags ?? [],
    // The answer was written some time between asking and hearing; what lies there is no skew.
    clockSkewMs: outside(Date.parse(time), askedAt, answeredAt),
    jetstream: pictureJetStream(ping, jsz),
    health: isUnseen(health) ? health : pictureHealth(health),
  };
}

function outside(time: number, from: number, to: number): number {
  return time < from ? time - from : time > to ? time - to : 0;
}

function pictureJetStream({ server, statsz }: StatszAnswer, jsz: Known<JszAnswer>): JetStreamPicture {
  const varz = statsz?.jetstream;
  const config = varz?.config;
  const stats = varz?.stats;
  const enabled = server.jetstream !== false && Boolean(config) && !(isSeen(jsz) && jsz.disabled === true);
  const maxStorage = config?.max_storage ?? 0;
  const usedStorage = amount(stats?.storage);
  const reservedStorage = amount(stats?.reserved_storage);
  const interval = config?.sync_always ? 0 : config?.sync_interval;
  return {
    enabled,
    maxStorage,
    maxMemory: config?.max_memory ?? 0,
    usedStorage,
    reservedStorage,
    freeStorage: Math.max(0, maxStorage - Math.max(usedStorage, reservedStorage)),
    haAssets: stats?.ha_assets ?? 0,
    streams: isSeen(jsz) ? (jsz.streams ?? 0) : jsz,
    consumers: isSeen(jsz) ? (jsz.consumers ?? 0) : 0,
    syncIntervalMs: interval === undefined ? { unseen: "not-told" } : interval / 1e6,
    uniqueTag: config?.unique_tag || null,
    pendingApi: varz?.meta?.pending ?? { unseen: "not-told" },
  };
}

/** Some versions give a negative amount as an unsigned one, which is beyond every disk. */
function amount(value = 0): number {
  return value > 2 ** 62 ? 0 : value;
}

function pictureHealth({ status, error, errors }: HealthzAnswer): HealthPicture {
  // In whatever order the server found them: a watch tells of changes.
  const told = errors?.map((one) => one.error).sort() ?? (error ? [error] : []);
  return { ok: status === "ok", errors: told.length === 0 && status !== "ok" ? [status] : told };
}

/** A server that only others speak of. */
export function spokenOf(
  name: string,
  answers: Known<boolean>,
  why: Unseen,
  earlier: ServerPicture | undefined,
): ServerPicture {
  // What it said before it fell silent is still the best that is known of where it stands.
  const remembered = { version: why, cluster: why, domain: why, tags: why, ...pick(earlier) };
  return {
    name,
    peer: peerIdOf(name),
    answers,
    lastSeen: earlier?.lastSeen ?? null,
    id: why,
    ...remembered,
    clockSkewMs: why,
    jetstream: why,
    health: why,
  };
}

function pick(
  earlier: ServerPicture | undefined,
): Partial<Pick<ServerPicture, "version" | "cluster" | "domain" | "tags">> {
  if (!earlier) return {};
  const { version, cluster, domain, tags } = earlier;
  return { version, cluster, domain, tags };
}
