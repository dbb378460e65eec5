import { acceptStreams } from "../../cluster/accept-streams.ts";
import type { Ledger } from "../../cluster/ledger.ts";
import { mergeLedger } from "../../cluster/merge-ledger.ts";
import type { Picture } from "../../cluster/picture.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import { changeLedgerFile, refuseForeignLedger } from "../cluster-ledger/ledger-file.ts";
import type { LeftOver } from "./recovery-request.ts";
import { settleRestored } from "./settle-restored.ts";

export interface RememberedLook {
  readonly ledger: Ledger;
  /** Restores that were cut off and need not be begun anew: for a person to look at. */
  readonly settled: readonly LeftOver[];
}

/** Adds what a recovery saw to the ledger's file, and what a person accepts of it. Throws USAGE (another cluster's ledger), LOCKED, FILE_SYSTEM. */
export async function rememberLook(
  path: string,
  picture: Picture,
  { covers, accept }: { readonly covers: readonly BackupCover[]; readonly accept: readonly string[] },
): Promise<RememberedLook> {
  let settled: readonly LeftOver[] = [];
  const ledger = await changeLedgerFile(path, (known) => {
    refuseForeignLedger(path, known, picture);
    const restored = settleRestored(known, picture.later, covers);
    settled = restored.settled.map((key) => ({
      step: `restore:${key}`,
      text: `${key} was restored by a run that was cut off, and has been written to since`,
      cure: "See that all of its consumers are there.",
    }));
    const { ledger: before } = restored;
    return mergeLedger(accept.length === 0 ? before : acceptStreams(before, accept, picture.later), picture);
  });
  return { ledger, settled };
}
