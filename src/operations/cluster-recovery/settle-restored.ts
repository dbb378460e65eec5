import { type Ledger, streamKey } from "../../cluster/ledger.ts";
import { noteDone } from "../../cluster/note-done.ts";
import type { Sample } from "../../cluster/picture.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import { seenOr } from "../../cluster/unseen.ts";

/**
 * Notes restores that were cut off after the server had all of it, and that have been written to since: every message of the backup is
 * there, and more. They are not to be begun anew. Pure; returns their keys too, for a person to see that the consumers are there.
 */
export function settleRestored(
  ledger: Ledger,
  sample: Sample,
  covers: readonly BackupCover[],
): { readonly ledger: Ledger; readonly settled: readonly string[] } {
  let changed = ledger;
  const settled: string[] = [];
  for (const { streams } of sample.accounts) {
    for (const { account, name, state: told, leader, config } of streams) {
      const known = ledger.streams.find((one) => one.account === account && one.name === name);
      const state = seenOr(told, null);
      if (known?.restoringAt == null || state === null || seenOr(leader, null) === null) continue;
      const [cover] = covers
        .filter((one) => one.stream === name && (one.account === null || one.account === account))
        .sort((a, b) => b.lastSeq - a.lastSeq);
      const since = cover === undefined ? 0 : state.lastSeq - cover.lastSeq;
      if (cover === undefined || since <= 0 || state.messages < cover.messages + since) continue;
      const replicas = "replicas" in config ? config.replicas : null;
      const target = { server: null, peer: null, account, stream: name, consumer: null };
      const given = {
        replicas,
        quorumNeeded: null,
        backup: null,
        created: cover.created,
        preferred: null,
        lastSeq: null,
        fewerWillDo: null,
      };
      changed = noteDone(changed, { kind: "restore", target, arguments: given }, sample.takenAt);
      settled.push(streamKey(account, name));
    }
  }
  return { ledger: changed, settled };
}
