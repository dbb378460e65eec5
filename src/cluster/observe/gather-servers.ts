import type { AccountPicture, Sample } from "../picture.ts";
import type { MetaPicture, PeerPicture, ServerPicture } from "../server-picture.ts";
import { isSeen, isUnseen, type Known, seenOr, type Unseen } from "../unseen.ts";
import { pictureServers, spokenOf } from "./picture-servers.ts";
import type { SystemView } from "./system-view.ts";

export interface WhoIsThere {
  readonly view: Known<SystemView>;
  readonly meta: Known<MetaPicture>;
  readonly accounts: readonly AccountPicture[];
  readonly earlier: Sample | undefined;
}

/** All servers: those that answer, and those that anybody speaks of, for a dead one says nothing of itself. */
export function gatherServers({ view, meta, accounts, earlier }: WhoIsThere): readonly ServerPicture[] {
  const answering = isSeen(view) ? pictureServers(view) : [];
  const names = new Set<string>(earlier?.servers.map(({ name }) => name));
  const addPeers = (peers: Known<readonly PeerPicture[]>): void => {
    for (const { name } of seenOr(peers, [])) if (name !== null) names.add(name);
  };
  if (isSeen(meta)) {
    addPeers(meta.peers);
    for (const { leader } of meta.claims) if (leader !== null) names.add(leader);
  }
  for (const { streams } of accounts) {
    for (const { peers, consumers } of streams) {
      addPeers(peers);
      for (const consumer of seenOr(consumers, [])) addPeers(consumer.peers);
    }
  }
  for (const { name } of answering) names.delete(name);
  const why: Unseen = isUnseen(view) ? view : { unseen: "no-answer" };
  const silent = [...names].map((name) => {
    const before = earlier?.servers.find((server) => server.name === name);
    return spokenOf(name, isUnseen(view) ? view : false, why, before);
  });
  return [...answering, ...silent].sort((a, b) => a.name.localeCompare(b.name));
}

/** Whether what no server holds is held by none of the living: all were asked, and all have answered. */
export function everyoneAnswered(
  { servers: answering }: SystemView,
  servers: readonly ServerPicture[],
  meta: Known<MetaPicture>,
): Known<boolean> {
  if (servers.some(({ answers }) => answers !== true)) return false;
  if (answering.some(({ jsz }) => isUnseen(jsz))) return false;
  if (isUnseen(meta)) return meta;
  // Without a leader nobody names the members, but their number is known.
  const members = servers.filter(({ jetstream }) => isSeen(jetstream) && jetstream.enabled).length;
  return members >= meta.size;
}
