import type { ClusterStatus, StreamStatus } from "../cluster-status.ts";
import type { Light } from "../light.ts";

/** One thing that a watch has a light for. */
export interface WatchedThing {
  readonly subject: "meta" | "server" | "stream";
  /** "n3", "APP/ORDERS"; of the meta group "meta". */
  readonly name: string;
  readonly light: Light;
  /** One sentence for a person. */
  readonly reason: string;
  /** What makes it another state than before: not that a lag or a time in the sentence is another one. */
  readonly state: string;
}

export interface WatchedChange extends Omit<WatchedThing, "state"> {
  /** null: it was not there before. */
  readonly was: Light | null;
  /** It is not there any more. */
  readonly vanished: boolean;
}

export function watchedThings({ meta, servers, streams }: ClusterStatus): readonly WatchedThing[] {
  return [
    // Who leads it is told by its servers; that the leader changes and all is well is told all the same.
    { subject: "meta", name: "meta", light: meta.light, reason: meta.reason, state: stateOf(meta.state, meta.reason) },
    ...servers.map(({ server, light, reason }): WatchedThing => {
      return { subject: "server", name: server, light, reason, state: stateOf(light, reason) };
    }),
    ...streams.map(ofStream),
  ];
}

function ofStream(status: StreamStatus): WatchedThing {
  const { account, stream, light, state, reason, down, behind, settled } = status;
  const subject = "stream";
  const name = `${account}/${stream}`;
  // A replica that is behind in one look is what every busy stream has now and then.
  const passing = state === "short" && down.length === 0 && behind.length > 0 && settled !== true && light === "yellow";
  if (passing) return { subject, name, light: "green", reason, state: healthyAs(status) };
  // Why there is nothing of it is told in other words as the cluster gives up the server.
  const told = state === "gone" || state === "unknown" ? state : stateOf(state, reason);
  return { subject, name, light, reason, state: state === "healthy" ? healthyAs(status) : told };
}

const healthyAs = ({ light, leaderlessConsumers }: StreamStatus): string =>
  `healthy ${light === "red" ? leaderlessConsumers.join() : ""}`;

/** The sentence without its times and counts of seconds, which are others at every look. */
function stateOf(state: string, reason: string): string {
  const lasting = reason.replace(/\d\d:\d\d:\d\d UTC|\b\d+ s ago\b/g, "");
  return `${state} ${lasting}`;
}

/** What is other than before: of the first look what is not well. Pure. */
export function watchedChanges(
  before: readonly WatchedThing[] | null,
  now: readonly WatchedThing[],
): readonly WatchedChange[] {
  const key = ({ subject, name }: WatchedThing): string => `${subject} ${name}`;
  const known = new Map((before ?? []).map((thing) => [key(thing), thing]));
  const changes = now.flatMap((thing): readonly WatchedChange[] => {
    const was = known.get(key(thing));
    known.delete(key(thing));
    if (was?.state === thing.state && was.light === thing.light) return [];
    // What is new and well in the first look is no news.
    if (before === null && thing.light === "green") return [];
    return [change(thing, was?.light ?? null, false)];
  });
  return [...changes, ...[...known.values()].map((thing) => change(thing, thing.light, true))];
}

function change({ subject, name, light, reason }: WatchedThing, was: Light | null, vanished: boolean): WatchedChange {
  return vanished
    ? { subject, name, light: "unknown", reason: "not there any more", was, vanished }
    : { subject, name, light, reason, was, vanished };
}
