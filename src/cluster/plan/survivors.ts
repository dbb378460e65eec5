import { isSeen } from "../unseen.ts";
import type { Blocker } from "./cluster-plan.ts";
import { coverOf } from "./cover.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** The replicas that living peers hold, furthest first. */
export function survivors(stream: StreamStanding): StreamStanding["replicas"] {
  return stream.replicas.filter(({ server }) => stream.alive.includes(server));
}

/** Why the replicas that are left must not become the stream; null: they may. */
export function survivorBlocker(view: View, stream: StreamStanding): Blocker | null {
  const cover = coverOf(view, stream.account, stream.name);
  if (cover.released) return null;
  const cure =
    "Bring a dead server back with its disk, or give a backup that reaches further, or release the stream by its name.";
  const block = (code: string, text: string): Blocker => ({ code, text: `${stream.key}: ${text}`, cure });
  const left = survivors(stream);
  const best = left[0]?.state.lastSeq;
  if (best === undefined) return block("survivor-unseen", `${stream.alive.join(", ")} did not tell what is left`);
  const baseline = cover.baseline?.lastSeq ?? null;
  if (best === 0 && baseline !== 0) return block("survivor-empty", `${stream.alive.join(", ")} holds nothing of it`);
  if (baseline !== null && best < baseline && !cover.covered) {
    return block("survivor-behind", `what is left ends at ${best}, and it held sequences up to ${baseline}`);
  }
  // The server chooses which of several stays. One may have more than was ever remembered, and so than a backup that covers that.
  const least = left.at(-1)?.state.lastSeq ?? best;
  const saved = cover.covered && cover.backup !== null && cover.backup.lastSeq >= best;
  if (least < best && !saved)
    return block("survivors-differ", `what is left differs: replicas end at ${least} and at ${best}`);
  return null;
}

/** The meta leader, or the stream's own, calls this peer offline. */
export function isOffline(view: View, stream: StreamStanding, server: string): boolean {
  const standing = view.servers.get(server);
  const peer = stream.peers.find((one) => one.name === server || one.peer === standing?.peer);
  return (standing?.offline ?? false) || (peer !== undefined && isSeen(peer.standing) && peer.standing.offline);
}

/** A proven backup has all that living peers hold. */
export function isSaved(view: View, stream: StreamStanding): boolean {
  const furthest = survivors(stream)[0]?.state.lastSeq;
  const { backup } = coverOf(view, stream.account, stream.name);
  return backup !== null && furthest !== undefined && backup.lastSeq >= furthest;
}

/**
 * The stream is changing because one of its dead peers was removed (2.15), by Relight or by hand, and cannot go on before the others
 * are removed too: no move to be waited for.
 */
export function isEvicting(view: View, { kind, moving, dead, seen }: StreamStanding): boolean {
  if (!view.rules.evictsDeadPeers || kind !== "below-quorum" || !moving || seen?.desired == null) return false;
  return dead.every((name) => view.servers.get(name)?.kind === "gone");
}
