import { isAtLeast, parseServerVersion, type ServerVersion } from "../jetstream/server-version.ts";

/**
 * What differs between server versions when a cluster is recovered. One table, so that nothing else in the planner compares
 * version numbers. A cluster of several versions has the capabilities that all of them have, and the hazards of each.
 */
export interface ClusterRules {
  /** Every version seen, oldest first. */
  readonly versions: readonly string[];
  /** Empty new replicas can outvote the one that has the data (up to 2.11): never remove a peer below quorum. */
  readonly emptyReplicasOutvote: boolean;
  /** Removing a dead server makes the survivors of its groups drop it and elect (2.15). */
  readonly evictsDeadPeers: boolean;
  /** A scale-down without a leader may keep a dead peer, unless the dead are flagged offline (up to 2.14). */
  readonly scaleDownNeedsOfflineFlag: boolean;
  /** `META.RESCUE` lowers the quorum of a meta group without a leader, for five minutes (2.15). */
  readonly metaRescue: boolean;
  /** Fresh nodes can give a meta group its quorum back (up to 2.11); from 2.12 on only if every member answers. */
  readonly newNodesGiveMetaQuorum: boolean;
  /** A move of a stream of one replica may begin its consumers anew (2.10, seen on 2.10.26 and 2.10.27). */
  readonly movesResetConsumers: boolean;
  /** `SERVER.EVACUATE` and `STREAM.PEER.EVACUATE` (2.15). */
  readonly evacuate: boolean;
  /** A step-down may name the next leader (2.11). */
  readonly preferredLeader: boolean;
  /** `SERVER.REMOVE` takes a peer id (2.9.2). */
  readonly removesByPeerId: boolean;
  /** `SERVER.REMOVE` answers when it is committed, and one change is made at a time (2.11.12, 2.12.3); before, at once. */
  readonly removeAnswersAfterCommit: boolean;
  /** A replacement may be another server that is offline (2.12): its dead have to go first. */
  readonly mayPickOfflinePeer: boolean;
  /** `STREAM.PEER.REMOVE` without a candidate answers with an error and drops the peer all the same (up to 2.10, taken to be so to 2.14). */
  readonly streamPeerRemoveDropsAnyway: boolean;
  /** Consumers of fewer replicas than their stream are given to all peers, and may be reset; ephemerals are deleted (up to 2.14). */
  readonly resetsSmallerConsumers: boolean;
  /** An account is charged for the streams on a dead peer, also after its removal, until the other servers were restarted (up to 2.14.6). */
  readonly chargesForDeadPeers: boolean;
  /** A stream copies all of a source once more when that was created anew, as by a restore (2.15). */
  readonly copiesAnewFromNewOrigins: boolean;
  /** Direct get gives many messages per request (2.11). */
  readonly batchDirectGet: boolean;
  /** Streams in memory can be backed up (2.15). */
  readonly memorySnapshots: boolean;
  /** How long after a crash the server calls its peer offline, as measured, with some room. */
  readonly offlineAfterMs: number;
  /** How long a removed server is kept out when it comes back under its name; 0 = not at all. */
  readonly keepsRemovedOutMs: number;
}

/** A known fault of the versions seen, for people. */
export interface VersionHazard {
  readonly id: string;
  readonly text: string;
  readonly cure: string;
}

export function clusterRules(versions: readonly string[]): ClusterRules {
  const parsed = parseAll(versions);
  // Without any version the most careful rules hold: capabilities of none, hazards of all.
  const every = (...least: [number, number, number?]): boolean =>
    parsed.length > 0 && parsed.every((version) => isAtLeast(version, ...least));
  const commits = (version: ServerVersion): boolean =>
    version.minor === 11 && version.major === 2 ? isAtLeast(version, 2, 11, 12) : isAtLeast(version, 2, 12, 3);
  return {
    versions: parsed.map(({ text }) => text),
    emptyReplicasOutvote: !every(2, 12),
    evictsDeadPeers: every(2, 15),
    scaleDownNeedsOfflineFlag: !every(2, 15),
    metaRescue: every(2, 15),
    newNodesGiveMetaQuorum: parsed.length > 0 && !parsed.some((version) => isAtLeast(version, 2, 12)),
    movesResetConsumers: !every(2, 11),
    evacuate: every(2, 15),
    preferredLeader: every(2, 11),
    removesByPeerId: every(2, 9, 2),
    removeAnswersAfterCommit: parsed.length > 0 && parsed.every(commits),
    mayPickOfflinePeer: parsed.length === 0 || parsed.some((version) => isAtLeast(version, 2, 12)),
    streamPeerRemoveDropsAnyway: !every(2, 15),
    resetsSmallerConsumers: !every(2, 15),
    chargesForDeadPeers: !every(2, 14, 7),
    copiesAnewFromNewOrigins: parsed.length === 0 || parsed.some((version) => isAtLeast(version, 2, 15)),
    batchDirectGet: every(2, 11),
    memorySnapshots: every(2, 15),
    offlineAfterMs: every(2, 10) ? 165_000 : 190_000,
    keepsRemovedOutMs: every(2, 15) ? 300_000 : 0,
  };
}

/** The faults that matter for what a cluster holds, of every version seen. */
export function versionHazards(versions: readonly string[]): readonly VersionHazard[] {
  const parsed = parseAll(versions);
  const older = (...least: [number, number, number?]): readonly ServerVersion[] =>
    parsed.filter((version) => !isAtLeast(version, ...least));
  const named = (found: readonly ServerVersion[]): string => found.map(({ text }) => text).join(", ");
  const hazards: VersionHazard[] = [];
  const lost = older(2, 10, 23).filter((version) => isAtLeast(version, 2, 10, 20));
  if (lost.length > 0) {
    hazards.push({
      id: "lost-streams",
      text: `nats-server ${named(lost)} can forget whole streams when several nodes are killed at once`,
      cure: "Upgrade to 2.10.23 or newer, and back up first.",
    });
  }
  const open = parsed.filter(
    (version) => !isAtLeast(version, 2, 10, 27) || (version.minor === 11 && version.patch === 0),
  );
  if (open.length > 0) {
    hazards.push({
      id: "open-admin-api",
      text: `nats-server ${named(open)} lets any user of a JetStream account remove servers`,
      cure: "Upgrade to 2.10.27, 2.11.1 or newer.",
    });
  }
  const membership = older(2, 12, 3);
  if (membership.length > 0) {
    hazards.push({
      id: "membership",
      text: `nats-server ${named(membership)} can lose data where peers change while nodes are killed or cut off`,
      cure: "Change one peer at a time, and wait until everything is current in between.",
    });
  }
  const minors = new Set(parsed.map(({ major, minor }) => `${major}.${minor}`));
  if (minors.size > 1) {
    hazards.push({
      id: "mixed-versions",
      text: `the cluster runs nats-server ${named(parsed)}: the most careful rules of each are taken`,
      cure: "Finish the upgrade when everything is whole again.",
    });
  }
  return hazards;
}

function parseAll(versions: readonly string[]): readonly ServerVersion[] {
  const unique = new Map<string, ServerVersion>();
  for (const text of versions) {
    const version = parseServerVersion(text);
    if (version !== undefined) unique.set(version.text, version);
  }
  return [...unique.values()].sort((a, b) => a.major - b.major || a.minor - b.minor || a.patch - b.patch);
}
