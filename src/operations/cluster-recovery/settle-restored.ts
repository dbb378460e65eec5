import { type Ledger, streamKey } from "../../cluster/ledger.ts";
import { noteDone } from "../../cluster/note-done.ts";
import type { Sample } from "../../cluster/picture.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import { seenOr } from "../../cluster/unseen.ts";

/**
 * Notes restores that were done and never noted: the run was killed in between. What Relight had deleted is there again, led, and
 * reaches as far as the backup does. Without that the next run would take it for a stream of another time. Pure; returns the keys.
 */
export function settleRestored(
  ledger: Ledger,
  sample: Sample,
  covers: readonly BackupCover[],
): { readonly ledger: Ledger; readonly settled: readonly string[] } {
  let changed = ledger;
  const settled: string[] = [];
  for (const { streams } of sample.accounts) {
    for (const seen of streams) {
      const { account, name } = seen;
      const known = ledger.streams.find((one) => one.account === account && one.name === name);
      const state = seenOr(seen.state, null);
      const created = seenOr(seen.created, null);
      if (!known?.deletedAt || state === null || created === null || seenOr(seen.leader, null) === null) continue;
      const ends = covers
        .filter((cover) => cover.stream === name && (cover.account === null || cover.account === account))
        .map(({ lastSeq }) => lastSeq);
      if (ends.length === 0 || state.lastSeq < Math.min(...ends) || created === known.created) continue;
      const replicas = "replicas" in seen.config ? seen.config.replicas : null;
      const target = { server: null, peer: null, account, stream: name, consumer: null };
      const given = { replicas, quorumNeeded: null, backup: null, preferred: null, lastSeq: null };
      changed = noteDone(changed, { kind: "restore", target, arguments: given }, sample.takenAt);
      settled.push(streamKey(account, name));
    }
  }
  return { ledger: changed, settled };
}
