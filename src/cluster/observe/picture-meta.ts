import { quorumOf } from "../quorum.ts";
import type { MetaClaim, MetaPicture, PeerPicture } from "../server-picture.ts";
import { isSeen, type Known } from "../unseen.ts";
import { pictureGroup, type Testimony } from "./picture-group.ts";
import type { MetaAnswer } from "./server-answers.ts";
import type { ServerView } from "./system-view.ts";

/** The meta group from what every server says of it. Unseen where no server that answers belongs to one. */
export function pictureMeta(servers: readonly ServerView[]): Known<MetaPicture> {
  const answers = servers.flatMap(({ ping, jsz }) => {
    const meta = (isSeen(jsz) ? jsz.meta_cluster : undefined) ?? ping.statsz?.jetstream?.meta;
    return meta ? [{ server: ping.server.name, meta }] : [];
  });
  if (answers.length === 0) return { unseen: "not-told", detail: "no server that answers belongs to a meta group" };
  const testimonies = answers.map(({ server, meta }): Testimony => {
    const { leader, replicas = null, quorum_needed: quorum } = meta;
    const lowered = meta.rescue && quorum !== undefined ? { quorum } : {};
    return { server, group: { replicas, ...(leader ? { leader } : {}) }, ...lowered };
  });
  const { leader, claimants, peers } = pictureGroup(testimonies);
  const claims = answers.map(({ server, meta }): MetaClaim => {
    return { server, leader: meta.leader || null, size: meta.cluster_size ?? 0 };
  });
  const leaders = answers.find(({ server }) => server === leader)?.meta;
  const size = leaders?.cluster_size ?? Math.max(...claims.map((claim) => claim.size));
  const complete = isSeen(peers) && peers.length >= size;
  return {
    leader,
    whyNoLeader: leader === null ? whyNoLeader(claims, claimants, peers, size) : null,
    claims,
    size,
    quorumNeeded: leaders?.quorum_needed ?? quorumOf(size),
    // Without a leader an old server tells its size only, and the names of those who answer are not all.
    peers: complete ? peers : { unseen: "not-told", detail: "only a meta leader names all members" },
    rescue: answers.some(({ meta }) => meta.rescue === true),
    pending: pendingOf(leaders),
  };
}

function pendingOf(meta: MetaAnswer | undefined): MetaPicture["pending"] {
  if (meta === undefined) return { unseen: "not-told", detail: "there is no meta leader" };
  // What older servers call pending are the JetStream API requests of that server.
  return meta.pending_requests === undefined ? { unseen: "not-told" } : (meta.pending ?? 0) + meta.pending_requests;
}

function whyNoLeader(
  claims: readonly MetaClaim[],
  claimants: readonly string[],
  peers: Known<readonly PeerPicture[]>,
  size: number,
): string {
  const [claimant] = claimants;
  if (claimants.length > 1) return `${claimants.join(" and ")} each say that they lead`;
  if (claimant !== undefined) {
    const members = isSeen(peers) ? peers.length : size;
    return `${claimant} says that it leads, and has not heard from enough of the ${members} members in the last 10 s`;
  }
  const named = [...new Set(claims.flatMap(({ leader }) => (leader === null ? [] : [leader])))];
  const silent = named.filter((name) => !claims.some(({ server }) => server === name));
  if (silent.length > 0) return `${silent.join(" and ")}, whom others take for the leader, does not answer`;
  if (named.length > 0) return `${named.join(" or ")}, whom others take for the leader, does not say so itself`;
  return "none of those who answer knows one";
}
