/** Files beside a ledger that a recovery uses, unless others are named. */
export interface RecoveryPlaces {
  readonly audit: string;
  readonly newBackups: string;
  /** Held by the recovery that is at work. */
  readonly lock: string;
}

/** "clusters/prod.json" has "clusters/prod.audit.jsonl", "clusters/prod.backups" and "clusters/prod.apply.lock" beside it. Pure. */
export function recoveryPlaces(ledger: string): RecoveryPlaces {
  const front = ledger.replace(/\.json$/, "");
  return { audit: `${front}.audit.jsonl`, newBackups: `${front}.backups`, lock: `${front}.apply.lock` };
}
