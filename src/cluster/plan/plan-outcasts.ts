import { shortNameList } from "../name-list.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { ask } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { serversOfKind, type View } from "./view.ts";

/** What becomes of a removed server that answers, for a person. */
export const stopRemoved = "stop it, and let it come back with a new server_name and an empty store directory only.";

/**
 * Servers that somebody removed while they run, with the streams that they have a part in. Up to 2.14 JetStream is off there; 2.15 goes
 * on serving what it has, and streams that it leads leave it only when it is stopped.
 */
export function outcasts(view: View): ReadonlyMap<string, readonly StreamStanding[]> {
  const running = serversOfKind(view, "alive", "disabled");
  const found = new Map<string, readonly StreamStanding[]>();
  // Where nobody counts as a member, nobody has told who is one.
  if (!running.some(({ member }) => member)) return found;
  for (const { name, member, removedAt } of running) {
    if (member || removedAt !== null) continue;
    const streams = view.streams.filter(({ group, replicas }) => {
      return group?.includes(name) || replicas.some(({ server }) => server === name);
    });
    if (streams.length > 0) found.set(name, streams);
  }
  return found;
}

/** `outside`: see {@link outcasts}. */
export function planOutcasts(view: View, outside: ReadonlyMap<string, readonly StreamStanding[]>): readonly PlanStep[] {
  return [...outside].map(([server, streams]) => {
    const keys = streams.map(({ key }) => key);
    const shown = shortNameList(keys);
    const why = `${server} answers, is no member of the meta group any more, and has a part in ${shown} still`;
    const target = { server, peer: view.servers.get(server)?.peer ?? null };
    return ask(`removed:${server}`, why, `It was removed: ${stopRemoved}`, target);
  });
}
