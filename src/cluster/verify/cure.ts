import { emptyLedger, streamKey } from "../ledger.ts";
import { nameList } from "../name-list.ts";
import type { Picture, Sample, StreamPicture } from "../picture.ts";
import { candidates } from "../plan/candidates.ts";
import { defaultThresholds, noWords } from "../plan/plan-request.ts";
import { viewOf } from "../plan/view.ts";
import { quorumOf } from "../quorum.ts";
import { streamIn } from "../stream-in.ts";
import { isSeen, seenOr } from "../unseen.ts";
import { clusterRules } from "../version-hazards.ts";
import type { VerifiedStream } from "./verified-stream.ts";

/**
 * What a person can do about a stream whose replicas were found damaged, in order; empty where none was. Never the deletion of
 * something that no proven replica has. Pure.
 *
 * A damaged replica does not mend itself: a server that reads its blocks anew takes what is broken in the middle for deleted
 * messages, and never asks its leader for them. Only one that has nothing left is copied anew (measured on 2.9, 2.10 and 2.15).
 */
export function cureOf(verified: VerifiedStream, { later }: Picture): readonly string[] {
  const { account, stream, leader, replicas } = verified;
  const bad = replicas.filter(({ verdict }) => verdict === "damaged").map(({ server }) => server);
  if (bad.length === 0) return [];
  const verify = `relight cluster verify --deep --stream ${stream}`;
  if (verified.content === null) return [`Read what each replica really holds: ${verify}`];
  const salvage = `Back up what can be read, before anything else: relight stream backup ${stream} ./${stream}-damaged`;
  if (replicas.length === 1) {
    return [
      salvage,
      "Look what the last good backup has that this one lacks, and restore it: relight archive info <dir>",
    ];
  }
  // Whole is what was read to its end; equal counters prove nothing of the content.
  const whole = replicas
    .filter(({ verdict, read }) => verdict === "proven" && read !== null)
    .map(({ server }) => server);
  if (whole.length === 0 || verified.content.sampled) {
    const why =
      whole.length === 0
        ? "no replica was proven whole, and each may have what another lacks"
        : "a sample proves no replica whole";
    return [
      `Delete nothing: ${why}.`,
      salvage,
      whole.length === 0
        ? "Compare it with the last good backup: relight archive info <dir>"
        : `Read all of it: ${verify}`,
    ];
  }
  const steps: string[] = [];
  if (leader === null || !whole.includes(leader)) {
    const { preferredLeader } = clusterRules(
      later.servers.map(({ version }) => seenOr(version, "")).filter((one) => one !== ""),
    );
    const who = preferredLeader ? ` --preferred ${whole[0]}` : `, until ${nameList(whole)} leads`;
    steps.push(`Let a whole replica lead: relight stream cluster step-down ${stream}${who}`);
  }
  steps.push(`Back it up from its leader, which is whole: relight stream backup ${stream} ./${stream}-before`);
  const seen = streamIn(later, account, stream);
  const taker = takerOf(verified, later);
  const [first = ""] = bad;
  // The others can decide without it, and nobody has to touch a disk.
  if (taker !== null && bad.length === 1 && whole.length >= quorumOf(replicas.length)) {
    steps.push(`Have it replaced, by ${taker}: relight stream cluster peer-remove ${stream} ${first}`);
  } else for (const server of bad) steps.push(...repair(server, verified, seen));
  return [...steps, `See that it is whole: ${verify}`];
}

/** A server that could take a replica; null: none can. */
function takerOf({ account, stream }: VerifiedStream, later: Sample): string | null {
  const picture: Picture = { format: "relight-cluster-picture", formatVersion: 1, earlier: later, later };
  const request = { ledger: emptyLedger, backups: [], words: noWords, thresholds: defaultThresholds };
  const view = viewOf({ ...request, picture, now: later.takenAt });
  const standing = view.standings.get(streamKey(account, stream));
  if (!standing || !isSeen(later.sight.system)) return null;
  return candidates(view, standing, standing.group ?? []).names[0] ?? null;
}

function repair(
  server: string,
  { account, stream }: VerifiedStream,
  seen: StreamPicture | undefined,
): readonly string[] {
  if (seen && isSeen(seen.config) && seen.config.storage === "memory") {
    return [`Restart the nats-server of ${server}: its replica is in memory only, and is copied anew.`];
  }
  const group = (seen ? seenOr(seen.raftGroup, null) : null) ?? "S-… (the raft_group of the stream)";
  return [
    `Stop the nats-server of ${server}, and only that one.`,
    `Move two directories of its <store_dir>/jetstream away: ${account}/streams/${stream}/msgs and */_js_/${group}`,
    "Start it again: it copies the stream anew from the leader.",
  ];
}
