import { streamKey } from "../ledger.ts";
import { nameList } from "../name-list.ts";
import type { MetaPicture, Picture, Sample } from "../picture.ts";
import { quorumOf } from "../quorum.ts";
import { isSeen, seenOr } from "../unseen.ts";
import type { ServerStanding } from "./server-standing.ts";

/** How the group stands that decides where streams live. */
export interface MetaStanding {
  readonly kind: /** Too little is seen to say. */
    | "unseen"
    /** More than one server may be leading: a partition, or what is left of one. */
    | "two-leaders"
    /** It changed between the samples. */
    | "electing"
    /** No leader in both samples. */
    | "down"
    | "led";
  /** For a person, where it is not led. */
  readonly why: string;
  readonly leader: string | null;
  readonly size: number;
  readonly quorum: number;
  /** Names of the members that answer. */
  readonly living: readonly string[];
  readonly rescue: boolean;
  /** Membership changes are under way. */
  readonly changing: boolean;
}

export function metaStanding(picture: Picture, servers: ReadonlyMap<string, ServerStanding>): MetaStanding {
  const later = isSeen(picture.later.meta) ? picture.later.meta : null;
  const earlier = picture.earlier !== null && isSeen(picture.earlier.meta) ? picture.earlier.meta : null;
  const standings = [...servers.values()];
  const answers = standings.filter(({ kind }) => kind === "alive" || kind === "starting");
  // Only a leader lists the members; without one, all that answer JetStream's questions are taken for members.
  const living = later !== null && isSeen(later.peers) ? answers.filter(({ member }) => member) : answers;
  const size = later?.size ?? 0;
  const standing = (kind: MetaStanding["kind"], why: string): MetaStanding => ({
    kind,
    why,
    leader: later?.leader ?? null,
    size,
    quorum: quorumOf(size),
    living: living.map(({ name }) => name),
    rescue: later?.rescue ?? false,
    // A request that is worked on just now is what every healthy group has now and then; one that stays is a change.
    changing: [earlier, later].every((meta) => meta !== null && seenOr(meta.pending, 0) > 0),
  });
  if (later === null || earlier === null) return standing("unseen", "the meta group was not seen in two samples");
  for (const [meta, sample] of [
    [earlier, picture.earlier],
    [later, picture.later],
  ] as const) {
    const rivals = claimants(meta);
    if (rivals.length > 1) {
      return standing("two-leaders", `${rivals.join(" and ")} both claim to lead the meta group (${sample?.takenAt})`);
    }
  }
  if (sizesDiffer(later)) {
    return standing("two-leaders", "the servers do not agree how large the meta group is: they may be two groups");
  }
  if (later.leader === null && earlier.leader === null) {
    return standing("down", later.whyNoLeader ?? "no server leads the meta group");
  }
  if (later.leader !== earlier.leader) {
    return standing(
      "electing",
      `the meta leader changed from ${earlier.leader ?? "none"} to ${later.leader ?? "none"}`,
    );
  }
  // A leader that somebody else names as well is one more than there may be.
  const others = [...new Set(later.claims.map(({ leader }) => leader))].filter(
    (named) => named !== null && named !== later.leader,
  );
  if (others.length > 0) {
    return standing("two-leaders", `${later.leader} leads the meta group, and other servers name ${others.join(", ")}`);
  }
  return standing("led", "");
}

/** Servers that say of themselves that they lead. */
function claimants(meta: MetaPicture): readonly string[] {
  return meta.claims.filter(({ server, leader }) => server === leader).map(({ server }) => server);
}

function sizesDiffer(meta: MetaPicture): boolean {
  // Without a leader only: under one, a follower may be a moment behind.
  return meta.leader === null && new Set(meta.claims.map(({ size }) => size)).size > 1;
}

/** Reasons for which nothing at all may be done. */
export function holdReasons(
  picture: Picture,
  meta: MetaStanding,
  servers: ReadonlyMap<string, ServerStanding>,
): readonly string[] {
  const reasons: string[] = [];
  if (meta.kind === "two-leaders") reasons.push(meta.why);
  for (const { name, kind } of servers.values()) {
    if (kind === "contradicted") {
      reasons.push(`${name} does not answer, but the meta leader hears it: the network is cut somewhere`);
    }
  }
  reasons.push(...(picture.earlier === null ? [] : rivalLeaders(picture.earlier, picture.later)));
  return reasons;
}

/**
 * Streams that two servers lead, or whose replicas name different leaders in both samples: a partition, or two groups under one
 * name. In one sample only, different names are an election.
 */
function rivalLeaders(earlier: Sample, later: Sample): readonly string[] {
  const claimed = (sample: Sample, both: boolean): ReadonlyMap<string, readonly string[]> => {
    const found = new Map<string, readonly string[]>();
    for (const account of sample.accounts) {
      for (const stream of account.streams) {
        const told = seenOr(stream.replicas, []).flatMap(({ leader }) => (leader === null ? [] : [leader]));
        const named = [...new Set(told)].sort();
        const key = streamKey(account.name, stream.name);
        if (stream.claimants.length > 1) found.set(key, stream.claimants);
        else if (both && named.length > 1) found.set(key, named);
      }
    }
    return found;
  };
  const sure = new Map([...claimed(earlier, false), ...claimed(later, false)]);
  const before = claimed(earlier, true);
  for (const [key, servers] of claimed(later, true)) if (before.has(key) && !sure.has(key)) sure.set(key, servers);
  return [...sure.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, servers]) => `more than one server may lead ${key}: ${nameList(servers)}`);
}
