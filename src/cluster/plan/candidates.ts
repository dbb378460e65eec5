import { groupDigits } from "../../group-digits.ts";
import { nameList } from "../name-list.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { ServerStanding } from "./server-standing.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { serversOfKind, type View } from "./view.ts";

/** Where a new replica of a stream could go, as the meta leader would choose; and what a server would need where there is none. */
export interface Candidates {
  readonly names: readonly string[];
  /** Servers that have no room for what the stream holds. The meta leader does not ask for that, and may choose one all the same. */
  readonly cramped: readonly string[];
  /** "n4: has not the tag ssd" of every living server that cannot have it. */
  readonly refusals: readonly string[];
  /** What a server to be added must be like. */
  readonly need: string;
}

/**
 * Tries out what the server does when it replaces a peer: the same cluster, the tags of the placement, room for max_bytes, and no
 * value of the unique tag that a retained replica has. Servers that are being drained, or are not members yet, do not count; nor do
 * those that what the stream holds would fill up: what they have besides could not be written to any more. `promised`: bytes on a
 * server that other streams will need.
 */
export function candidates(
  view: View,
  stream: StreamStanding,
  retained: readonly string[],
  promised: ReadonlyMap<string, number> = new Map(),
): Candidates {
  const placement = stream.settings?.placement ?? null;
  const cluster = placement?.cluster || clusterOf(view, stream.group ?? []);
  const tags = placement?.tags ?? [];
  const room = stream.settings?.storage === "file" ? Math.max(0, stream.settings.maxBytes) : 0;
  const held = heldBytes(stream);
  const names: string[] = [];
  const cramped: string[] = [];
  const refusals: string[] = [];
  let unique: string | null = null;
  for (const server of serversOfKind(view, "alive")) {
    const jetstream = server.seen !== null && isSeen(server.seen.jetstream) ? server.seen.jetstream : null;
    unique ??= jetstream?.uniqueTag ?? null;
    if (retained.includes(server.name)) continue;
    const reason = refusal(view, server, { cluster, tags, room, unique: jetstream?.uniqueTag ?? null, retained });
    if (reason !== null) refusals.push(`${server.name}: ${reason}`);
    else if (hasRoom(server, Math.max(room, held), promised)) names.push(server.name);
    else {
      cramped.push(server.name);
      const free = groupDigits(jetstream?.freeStorage ?? 0);
      const others = (promised.get(server.name) ?? 0) > 0 ? ", beside what else it has to take" : "";
      refusals.push(
        `${server.name}: has ${free} bytes free, too few for the ${groupDigits(held)} of the stream${others}`,
      );
    }
  }
  const need = [
    ...(cluster ? [`in cluster ${cluster}`] : []),
    ...(tags.length > 0 ? [`with the tags ${tags.join(", ")}`] : []),
    ...(unique === null ? [] : [uniqueNeed(unique, retained)]),
    ...(room > 0 ? [`with ${room} bytes free`] : []),
  ].join(", ");
  return { names, cramped, refusals, need: need === "" ? "any server of the cluster" : need };
}

function uniqueNeed(unique: string, retained: readonly string[]): string {
  if (retained.length === 0) return `with a tag ${unique}`;
  return `with a value of ${unique} that ${nameList(retained)} ${retained.length === 1 ? "has" : "have"} not`;
}

/** Bytes on disk of one replica, as far as anybody knows. */
export function heldBytes({ settings, state, replicas, remembered }: StreamStanding): number {
  if ((settings?.storage ?? remembered?.storage) === "memory") return 0;
  return (state ?? replicas[0]?.state ?? remembered?.counters)?.bytes ?? 0;
}

function hasRoom({ name, seen }: ServerStanding, bytes: number, promised: ReadonlyMap<string, number>): boolean {
  const jetstream = seen !== null && isSeen(seen.jetstream) ? seen.jetstream : null;
  return jetstream !== null && bytes + (promised.get(name) ?? 0) <= jetstream.freeStorage;
}

interface Wishes {
  readonly cluster: string | null;
  readonly tags: readonly string[];
  readonly room: number;
  readonly unique: string | null;
  readonly retained: readonly string[];
}

function refusal(view: View, server: ServerStanding, wishes: Wishes): string | null {
  if (!server.member) return "is no member of the meta group";
  if (view.request.words.drain.includes(server.name)) return "is being drained";
  const { seen } = server;
  if (seen === null || !isSeen(seen.jetstream)) return "its storage was not seen";
  const cluster = seenOr(seen.cluster, null);
  if (wishes.cluster && cluster !== null && cluster !== wishes.cluster) return `is in cluster ${cluster}`;
  const tags = seenOr(seen.tags, []).map((tag) => tag.toLowerCase());
  if (tags.includes("!jetstream")) return "has the tag !jetstream";
  for (const tag of wishes.tags.map((one) => one.toLowerCase())) {
    if (tag.startsWith("!") ? tags.includes(tag.slice(1)) : !tags.includes(tag)) {
      return tag.startsWith("!") ? `has the tag ${tag.slice(1)}` : `has not the tag ${tag}`;
    }
  }
  if (wishes.room > seen.jetstream.freeStorage) return `has ${seen.jetstream.freeStorage} bytes free only`;
  const { unique } = wishes;
  if (unique !== null) {
    const own = tags.find((tag) => tag.startsWith(unique.toLowerCase()));
    if (own === undefined) return `has no tag ${unique}`;
    const used = wishes.retained.find((name) => tagsOf(view, name).includes(own));
    if (used !== undefined) return `has the tag ${own}, as ${used} has`;
  }
  return null;
}

function tagsOf(view: View, server: string): readonly string[] {
  const seen = view.servers.get(server)?.seen;
  const remembered = view.request.ledger.servers.find(({ name }) => name === server)?.tags ?? [];
  return (seen ? seenOr(seen.tags, remembered) : remembered).map((tag) => tag.toLowerCase());
}

function clusterOf(view: View, group: readonly string[]): string | null {
  for (const name of group) {
    const seen = view.servers.get(name)?.seen;
    const cluster = seen ? seenOr(seen.cluster, null) : null;
    if (cluster !== null) return cluster;
  }
  return view.request.ledger.servers.find(({ name }) => group.includes(name))?.cluster ?? null;
}
