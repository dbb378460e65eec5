import { nameList } from "../name-list.ts";
import type { Picture, StreamPicture } from "../picture.ts";
import { isSeen, seenOr } from "../unseen.ts";
import { clusterRules } from "../version-hazards.ts";
import type { VerifiedStream } from "./verified-stream.ts";

/**
 * What a person can do about a stream whose replicas were found damaged, in order; empty where none was. Never the deletion of
 * something that no proven replica has. Pure.
 */
export function cureOf(verified: VerifiedStream, { later }: Picture): readonly string[] {
  const { account, stream, leader, replicas } = verified;
  const bad = replicas.filter(({ verdict }) => verdict === "damaged").map(({ server }) => server);
  if (bad.length === 0) return [];
  // Whole is what was read to its end; equal counters prove nothing of the content.
  const whole = replicas
    .filter(({ verdict, read }) => verdict === "proven" && read !== null)
    .map(({ server }) => server);
  const seen = later.accounts
    .flatMap(({ streams }) => streams)
    .find((one) => one.account === account && one.name === stream);
  const backUp = `Back up what can be read, before anything else: relight stream backup ${stream} ./${stream}-damaged`;
  const readAgain = `See that it is whole: relight cluster verify --deep --stream ${stream}`;
  if (verified.content === null) {
    return [`Read what each replica really holds: relight cluster verify --deep --stream ${stream}`];
  }
  if (replicas.length === 1) {
    return [
      backUp,
      `Restore it from the last good backup, under another name first: relight stream restore <dir> --stream ${stream}_CHECK`,
    ];
  }
  if (whole.length === 0) {
    return [
      "Delete nothing, and restart nothing: no replica was proven whole, and each may have what another lacks.",
      backUp,
      "Compare it with the last good backup: relight archive info <dir>",
    ];
  }
  const steps: string[] = [];
  if (leader === null || !whole.includes(leader)) {
    const preferred = preferredLeader(later.servers.map(({ version }) => seenOr(version, "")));
    steps.push(
      `Let a whole replica lead: relight stream cluster step-down ${stream}${preferred ? ` --preferred ${whole[0]}` : ` (until ${nameList(whole)} leads)`}`,
    );
  }
  steps.push(`Back it up from there: relight stream backup ${stream} ./${stream}-before`);
  for (const server of bad)
    steps.push(...repair(server, verified, seen, later.servers.find(({ name }) => name === server)?.version));
  return [...steps, readAgain];
}

function preferredLeader(versions: readonly string[]): boolean {
  return clusterRules(versions.filter((version) => version !== "")).preferredLeader;
}

function repair(
  server: string,
  { account, stream }: VerifiedStream,
  seen: StreamPicture | undefined,
  version: Parameters<typeof isSeen>[0] | undefined,
): readonly string[] {
  const memory = seen !== undefined && isSeen(seen.config) && seen.config.storage === "memory";
  if (memory) return [`Restart the nats-server of ${server}: its replica in memory is copied anew.`];
  const text = typeof version === "string" ? version : "";
  if (!clusterRules(text === "" ? [] : [text]).rescansWithoutIndex) {
    return [
      `Scale it down while a whole replica leads, and up again, so that ${server} is given a new copy: nats stream edit ${stream} ` +
        `--replicas 1, then back to ${seen !== undefined && isSeen(seen.config) ? seen.config.replicas : "what it was"}`,
    ];
  }
  return [
    `Stop the nats-server of ${server}, delete <store_dir>/jetstream/${account}/streams/${stream}/msgs/index.db, and start it again: it ` +
      "reads its blocks anew, drops what is broken and copies it from the leader within seconds. One server at a time.",
  ];
}
