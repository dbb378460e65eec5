import type { Ledger } from "./ledger.ts";
import type { Light } from "./light.ts";
import type { Sample } from "./picture.ts";
import { removedAndBack } from "./removed-and-back.ts";
import type { ServerPicture } from "./server-picture.ts";
import { isSeen, isUnseen } from "./unseen.ts";

export interface ServerVerdict {
  readonly server: string;
  readonly light: Light;
  /** One sentence for a person. */
  readonly reason: string;
}

/** How one server is. `ledger`: what was known before; it tells which servers were removed. */
export function judgeServer(server: ServerPicture, sample: Sample, ledger?: Ledger): ServerVerdict {
  const { meta, servers } = sample;
  const verdict = (light: Light, reason: string): ServerVerdict => ({ server: server.name, light, reason });
  if (isUnseen(server.answers)) return verdict("unknown", "not asked: only the system account may");
  const member = isSeen(meta) && isSeen(meta.peers) ? meta.peers.find(({ name }) => name === server.name) : undefined;
  if (!server.answers) {
    const since = server.lastSeen === null ? "" : `; it did at ${server.lastSeen.slice(11, 19)} UTC`;
    if (member && isUnseen(member.standing)) return verdict("red", `does not answer${since}`);
    if (member && isSeen(member.standing)) {
      const { offline, activeMs } = member.standing;
      const heard = activeMs === null ? "" : `, last heard ${Math.round(activeMs / 1000)} s ago`;
      const given = offline ? "the cluster calls it offline" : `the cluster has not given it up yet${heard}`;
      return verdict("red", `does not answer${since}; ${given}`);
    }
    const stranger = isSeen(meta) && isSeen(meta.peers) ? "; it is no member of the meta group" : "";
    return verdict("red", `does not answer${since}${stranger}`);
  }
  const back = removedAndBack(server, sample, ledger);
  if (back !== null && back.kind !== "member-again") return verdict("red", back.text);
  const { jetstream, health } = server;
  if (isSeen(jetstream) && !jetstream.enabled) {
    // Servers without JetStream belong to many clusters; where its own peers count on it, it was switched off.
    const spoken = member !== undefined || servers.length === 1;
    return spoken
      ? verdict("red", "JetStream is off on it: out of storage, a write that failed, or removed from the cluster")
      : verdict("green", "answers; it has no JetStream");
  }
  if (isUnseen(health))
    return verdict("unknown", `answers; its health is not known: ${health.detail ?? health.unseen}`);
  if (!health.ok) return verdict("yellow", health.errors.slice(0, 3).join("; "));
  if (back !== null) return verdict("yellow", back.text);
  const leads = isSeen(meta) && meta.leader === server.name ? ", leads the meta group" : "";
  return verdict("green", `healthy${leads}`);
}
