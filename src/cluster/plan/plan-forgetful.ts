import { shortNameList } from "../name-list.ts";
import { streamIn } from "../stream-in.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { coverOf } from "./cover.ts";
import { ask } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { serversOfKind, type View } from "./view.ts";

/**
 * Streams that the cluster counts on a server which answers, calls itself healthy, and holds nothing of them, by that server's name.
 * Its memory of the meta group is damaged: what it does not know of it deletes from its own disk half a minute after its start (seen
 * on 2.10). Neither time nor a restart brings that back.
 */
export function forgetfulServers(view: View): ReadonlyMap<string, readonly StreamStanding[]> {
  const found = new Map<string, readonly StreamStanding[]>();
  for (const { name } of serversOfKind(view, "alive")) {
    // One that answers, and does not tell what it holds, may hold all of it.
    if (!listsTwice(view, name)) continue;
    const streams = view.streams.filter((stream) => !stream.moving && lacks(view, stream, name));
    if (streams.length > 0) found.set(name, streams);
  }
  return found;
}

function listsTwice({ request: { picture } }: View, server: string): boolean {
  return [picture.earlier, picture.later].every((sample) => {
    const jetstream = sample?.servers.find(({ name }) => name === server)?.jetstream;
    return jetstream !== undefined && isSeen(jetstream) && isSeen(jetstream.streams);
  });
}

/** In both samples, and for as long as two elections take: a replica that was just placed there comes within seconds. */
function lacks({ request }: View, stream: StreamStanding, server: string): boolean {
  const { group, strayedFrom, seen, remembered, leader, account, name } = stream;
  const since = leader === null ? remembered?.leaderlessSince : remembered?.behindSince;
  if (!(group ?? strayedFrom).includes(server) || since == null) return false;
  if (Date.parse(request.now) - Date.parse(since) < request.thresholds.electionMs) return false;
  const before = streamIn(request.picture.earlier, account, name);
  return [seen, before].every((one) => {
    const replicas = one == null ? null : seenOr(one.replicas, null);
    return replicas?.every((replica) => replica.server !== server) ?? false;
  });
}

/** `forgetful`: see {@link forgetfulServers}. */
export function planForgetful(
  view: View,
  forgetful: ReadonlyMap<string, readonly StreamStanding[]>,
): readonly PlanStep[] {
  return [...forgetful].map(([server, streams]) => {
    const keys = streams.map(({ key }) => key);
    const shown = shortNameList(keys);
    return ask(
      `memory:${server}`,
      `${server} answers and holds nothing of ${shown}, which the cluster counts on it: its memory of the meta group may be damaged`,
      `Stop ${server} and copy its store directory away. Move <store_dir>/jetstream/<system account>/_js_/_meta_ out of it, and start it ` +
        "again: it learns anew what is its own, and copies it from the others. Then make a new plan: what had no other replica is restored.",
      { server, peer: view.servers.get(server)?.peer ?? null },
      streams
        .filter(({ group, strayedFrom }) => (group ?? strayedFrom).length === 1)
        .map(({ account, name }) => coverOf(view, account, name).text),
    );
  });
}
