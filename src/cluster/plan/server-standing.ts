import { isMeant } from "../peer-id.ts";
import type { Picture, Sample, ServerPicture } from "../picture.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { ClusterRules } from "../version-hazards.ts";
import type { PlanRequest } from "./plan-request.ts";

/** How a server stands, of all that the picture and the ledger know of. */
export interface ServerStanding {
  /** Its name; of a ghost, its peer id. */
  readonly name: string;
  readonly peer: string;
  readonly kind: /** Answers, and takes part in JetStream. */
    | "alive"
    /** Answers, and is not ready yet: never a dead one, however long it takes. */
    | "starting"
    /** Answers, and its JetStream is off: storage full or failing, or it was removed. */
    | "disabled"
    /** Does not answer Relight, but a leader hears it: there is a partition somewhere. */
    | "contradicted"
    /** Silent, not for long enough to be called gone. */
    | "silent"
    /** Silent for good. */
    | "gone";
  /** It counts for the quorum of the meta group. */
  readonly member: boolean;
  /** The meta leader calls it offline. */
  readonly offline: boolean;
  /** When it was last heard, by Relight or by the meta leader; null: it answers, or nobody knows. */
  readonly silentSince: string | null;
  /** When Relight last saw it alive; null: it never did. */
  readonly lastSeen: string | null;
  /** How long it may have been alive at most: what was done on it after `lastSeen` and before that nobody knows. */
  readonly aliveUntil: string;
  /** When it will count as gone without the operator's word; null: it does, or nobody knows. */
  readonly goneAt: string | null;
  /** The operator said that it is gone. */
  readonly byWord: boolean;
  /** When Relight removed it; null: it did not, or that had no effect: it is silent, and a member still. */
  readonly removedAt: string | null;
  readonly seen: ServerPicture | null;
}

export function serverStandings(request: PlanRequest, rules: ClusterRules): ReadonlyMap<string, ServerStanding> {
  const { picture, ledger, words, thresholds, now } = request;
  const { later } = picture;
  const remembered = new Map(ledger.servers.map((server) => [server.name, server]));
  const names = new Map<string, string>();
  for (const { name, peer } of ledger.servers) names.set(name, peer);
  for (const { name, peer } of later.servers) names.set(name, peer);
  const members = isSeen(later.meta) ? seenOr(later.meta.peers, []) : [];
  // A ghost is known by its id; somebody may remember whose id it is.
  const byPeer = new Map([...names].map(([name, peer]) => [peer, name]));
  for (const { name, peer } of members) if (!byPeer.has(peer)) names.set(name ?? peer, peer);

  const standings = new Map<string, ServerStanding>();
  for (const [name, peer] of names) {
    const seen = later.servers.find((server) => server.name === name) ?? null;
    const member = members.find((one) => one.peer === peer);
    const standing = member && isSeen(member.standing) ? member.standing : null;
    const answers = seen !== null && seenOr(seen.answers, false);
    const silentTwice = !answers && !answered(picture.earlier, name);
    const heard = standing !== null && !standing.offline && (standing.activeMs ?? Number.POSITIVE_INFINITY) < 10_000;
    const byWord = words.gone.some((word) => isMeant(word, { name, peer }));
    const offline = standing?.offline ?? false;
    const known = remembered.get(name);
    const lastSeen = latest(seen?.lastSeen, known?.lastSeen);
    const active = sinceActive(later, standing);
    // A ledger may be old, and the meta leader new: who heard it last knows best.
    const silentSince = answers ? null : latest(lastSeen, active);
    const aliveUntil = answers ? now : (latest(lastSeen, active ?? known?.removedAt ?? known?.missedAt ?? now) ?? now);
    // The time counts from when it was last heard, and the server's own verdict is needed besides.
    const longEnough = silentSince !== null && Date.parse(now) - Date.parse(silentSince) >= thresholds.goneAfterMs;
    const wait = Math.max(thresholds.goneAfterMs, offline ? 0 : rules.offlineAfterMs);
    const gone = silentTwice && (byWord || (offline && longEnough));
    standings.set(name, {
      name,
      peer,
      kind: answers ? answering(seen, picture) : silentTwice && heard ? "contradicted" : gone ? "gone" : "silent",
      member: member !== undefined,
      offline,
      silentSince,
      lastSeen,
      aliveUntil,
      goneAt: answers || gone || silentSince === null ? null : new Date(Date.parse(silentSince) + wait).toISOString(),
      byWord,
      removedAt: member !== undefined && !answers ? null : (known?.removedAt ?? null),
      seen,
    });
  }
  return standings;
}

function answering(seen: ServerPicture, { earlier, later }: Picture): "alive" | "starting" | "disabled" {
  const jetstream = seenOr(seen.jetstream, null);
  const errors = isSeen(seen.health) ? seen.health.errors.join("\n") : "";
  // Where nobody leads the meta group, nobody has contact with a leader, however long they are up.
  const led = !isSeen(later.meta) || later.meta.leader !== null;
  const waits = led
    ? /not current with the meta leader|not established contact|failed to be ready/i
    : /failed to be ready/i;
  const starting = waits.test(errors);
  if (starting || !answered(earlier, seen.name)) return "starting";
  if (jetstream === null) return "starting";
  return jetstream.enabled ? "alive" : "disabled";
}

function answered(sample: Sample | null, name: string): boolean {
  const server = sample?.servers.find((one) => one.name === name);
  return server !== undefined && seenOr(server.answers, false);
}

function sinceActive(sample: Sample, standing: { readonly activeMs: number | null } | null): string | null {
  if (standing?.activeMs == null) return null;
  return new Date(Date.parse(sample.takenAt) - standing.activeMs).toISOString();
}

/** RFC 3339 in UTC, which sorts as it is. */
function latest(...times: readonly (string | null | undefined)[]): string | null {
  return (
    times
      .filter((time) => time != null)
      .sort()
      .at(-1) ?? null
  );
}
