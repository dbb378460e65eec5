import { SequenceRanges } from "../../formats/sequence-ranges.ts";

/** What one replica lacks, and where it differs, compared with the others over one part of a stream. */
export interface ReplicaFindings {
  readonly server: string;
  /** Sequences that it handed out. */
  readonly read: number;
  /** Sequences that another replica handed out, and this one did not. */
  readonly missing: SequenceRanges;
  /** Sequences of which it says something else than most, or than the others where there is no majority. */
  readonly unlike: SequenceRanges;
}

/**
 * Compares what the replicas of a stream hand out, message by message, while they are read side by side. Holds no more than what
 * one replica is ahead of another. Pure.
 *
 * Whoever reads keeps the one furthest back going, and tells of each replica in ascending order.
 */
export class ReplicaComparison {
  readonly #replicas: readonly ReplicaState[];
  /** Sequences that at least one replica handed out. */
  #messages = 0;
  #compared = 0;

  constructor(servers: readonly string[]) {
    this.#replicas = servers.map((server) => ({
      server,
      sequences: [],
      digests: [],
      at: 0,
      upTo: 0,
      read: 0,
      missing: new SequenceRanges(),
      unlike: new SequenceRanges(),
    }));
  }

  /** How far all replicas have told. */
  get upTo(): number {
    return Math.min(...this.#replicas.map(({ upTo }) => upTo));
  }

  get messages(): number {
    return this.#messages;
  }

  /** What a replica handed out; all up to `upTo` is told then. */
  add(server: string, sequences: readonly number[], digests: readonly number[], upTo: number): void {
    const replica = this.#replica(server);
    // What was taken already is dropped here, once per part.
    replica.sequences = [...replica.sequences.slice(replica.at), ...sequences];
    replica.digests = [...replica.digests.slice(replica.at), ...digests];
    replica.at = 0;
    replica.upTo = Math.max(replica.upTo, upTo);
    replica.read += sequences.length;
    this.#compare();
  }

  upToOf(server: string): number {
    return this.#replica(server).upTo;
  }

  /** Of all replicas, when all have told all. */
  findings(): readonly ReplicaFindings[] {
    return this.#replicas.map(({ server, read, missing, unlike }) => ({ server, read, missing, unlike }));
  }

  #replica(server: string): ReplicaState {
    const found = this.#replicas.find((one) => one.server === server);
    if (!found) throw new RangeError(`${server} is not compared`);
    return found;
  }

  #compare(): void {
    const end = this.upTo;
    if (end <= this.#compared) return;
    this.#compared = end;
    for (;;) {
      let sequence = Number.POSITIVE_INFINITY;
      for (const { sequences, at } of this.#replicas) sequence = Math.min(sequence, sequences[at] ?? sequence);
      if (sequence > end) return;
      this.#messages++;
      this.#compareOne(sequence);
    }
  }

  #compareOne(sequence: number): void {
    const holders: ReplicaState[] = [];
    let alike = true;
    for (const replica of this.#replicas) {
      if (replica.sequences[replica.at] !== sequence) replica.missing.append(sequence);
      else {
        holders.push(replica);
        alike &&= replica.digests[replica.at] === holders[0]?.digests[holders[0].at];
      }
    }
    if (!alike) {
      const digestOf = ({ digests, at }: ReplicaState): number => digests[at] ?? -1;
      const votes = new Map<number, number>();
      for (const holder of holders) votes.set(digestOf(holder), (votes.get(digestOf(holder)) ?? 0) + 1);
      const most = Math.max(...votes.values());
      const winners = [...votes.values()].filter((count) => count === most).length;
      for (const holder of holders) {
        // Without a majority nobody knows whose word is right.
        if (winners > 1 || votes.get(digestOf(holder)) !== most) holder.unlike.append(sequence);
      }
    }
    for (const holder of holders) holder.at++;
  }
}

interface ReplicaState {
  readonly server: string;
  sequences: number[];
  digests: number[];
  /** The first that is not compared yet. */
  at: number;
  upTo: number;
  read: number;
  readonly missing: SequenceRanges;
  readonly unlike: SequenceRanges;
}
