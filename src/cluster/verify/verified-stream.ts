/** What a verification of one stream came to: plain JSON data. Sequences in ranges are both inclusive. */
export interface VerifiedStream {
  readonly account: string;
  readonly stream: string;
  readonly verdict: Verdict;
  /** One sentence for a person: why it is not proven, or what is wrong. */
  readonly reason: string;
  readonly leader: string | null;
  /** What was read; null where only counters were compared. */
  readonly content: VerifiedContent | null;
  /** Sorted by server. */
  readonly replicas: readonly VerifiedReplica[];
}

export type Verdict =
  /** What was to be checked was checked, and is well: the counters, or with the content read that too. */
  | "proven"
  /** A replica lacks messages, cannot be read, or says something else than the others. */
  | "damaged"
  /** Something could not be seen or read. */
  | "unproven";

export interface VerifiedContent {
  /** The part that was read: to the last sequence there was when it began. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Messages that at least one replica handed out. */
  readonly messages: number;
  /** Not all of the part was read: parts of it, chosen by chance besides the two ends. */
  readonly sampled: boolean;
  readonly tookMs: number;
}

export interface VerifiedReplica {
  readonly server: string;
  readonly verdict: Verdict;
  /** What its server counts; null: it did not tell. */
  readonly counted: { readonly messages: number; readonly firstSeq: number; readonly lastSeq: number } | null;
  /** Messages that it handed out; null: it was not read. */
  readonly read: number | null;
  /** Sequences that it counts and does not hand out. */
  readonly unreadable: readonly SequenceRun[];
  /** Sequences that others have and it has not. */
  readonly missing: readonly SequenceRun[];
  /** Sequences of which it says something else than the others. */
  readonly unlike: readonly SequenceRun[];
  /** What is wrong with its counters, for a person. */
  readonly counters: readonly string[];
  /** Why it was not read, or not to the end; null: it was. */
  readonly notRead: string | null;
}

export type SequenceRun = readonly [first: number, last: number];

/** How many sequences ranges hold. */
export function sequencesIn(runs: readonly SequenceRun[]): number {
  return runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** What is worst of several. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("damaged")) return "damaged";
  return verdicts.includes("unproven") ? "unproven" : "proven";
}
