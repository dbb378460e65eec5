import type { Light } from "./light.ts";
import { nameList } from "./name-list.ts";
import type { Sample } from "./picture.ts";
import { slackOf } from "./quorum.ts";
import { isSeen, isUnseen } from "./unseen.ts";

export interface MetaVerdict {
  readonly light: Light;
  readonly state: "healthy" | "short" | "no-leader" | "unknown";
  /** One sentence for a person. */
  readonly reason: string;
  readonly down: readonly string[];
  /** How many more members it can lose; null: unknown. Below 0 it has no quorum. */
  readonly slack: number | null;
}

/** The group that decides where streams live: without a leader nothing is created, moved, healed or removed. */
export function judgeMeta({ meta, servers }: Sample): MetaVerdict {
  if (isUnseen(meta)) {
    const [only] = servers;
    if (only?.answers === true && servers.length === 1) {
      return { light: "green", state: "healthy", reason: "none, a server on its own", down: [], slack: 0 };
    }
    return { light: "unknown", state: "unknown", reason: meta.detail ?? "not seen", down: [], slack: null };
  }
  const answering = new Set(servers.filter(({ answers }) => answers === true).map(({ name }) => name));
  const members = isSeen(meta.peers) ? meta.peers : undefined;
  const down = members
    ?.filter(({ name }) => name === null || !answering.has(name))
    .map(({ name, peer }) => name ?? `an unknown server (${peer})`);
  const up = members && down ? members.length - down.length : Math.min(meta.claims.length, meta.size);
  const slack = slackOf(meta.size, up);
  const counts = `${up} of ${meta.size} members ${up === 1 ? "answers" : "answer"}, ${meta.quorumNeeded} are needed`;
  const base = { down: down ?? [], slack };
  if (meta.leader === null) {
    return { ...base, light: "red", state: "no-leader", reason: `no leader: ${meta.whyNoLeader}; ${counts}` };
  }
  const faults = [
    ...(meta.rescue ? ["its quorum is lowered by a rescue"] : []),
    ...(base.down.length > 0 ? [`${nameList(base.down)} ${base.down.length === 1 ? "is" : "are"} down`] : []),
    ...(slack === 0 && meta.size > 1 ? ["it can lose no more"] : []),
  ];
  const reason = `${meta.leader} leads; ${[counts, ...faults].join("; ")}`;
  return faults.length > 0
    ? { ...base, light: "yellow", state: "short", reason }
    : { ...base, light: "green", state: "healthy", reason };
}
