import type { SequenceRanges } from "../sequence-ranges.ts";

/** A place in an archive that cannot be read, or not be relied on. */
export interface SalvageDamage {
  readonly what: string;
  /** Name of the entry, where it is in one. */
  readonly entry?: string;
  /** In the decoded archive. */
  readonly offset?: number;
  /** In the compressed file. */
  readonly encodedOffset?: number;
  /** How many bytes are lost there; absent where nothing is. */
  readonly bytes?: number;
}

/** What could be read of a damaged archive, and what is lost. */
export interface SalvageReport {
  readonly format: "v1" | "v2";
  readonly damages: readonly SalvageDamage[];
  /** Sequences of messages that are lost. */
  readonly lost: SequenceRanges;
  /** An index says which sequences had messages. Without one, some of `lost` may have been deleted before the backup. */
  readonly lostIsExact: boolean;
  /** Where the archive is damaged so that messages behind the last readable one may be lost, how many nobody knows. */
  readonly openEnd: boolean;
  /** Sentences about what a reader should know. */
  readonly notes: readonly string[];
}

/** What is known about a damaged archive from beside it. */
export interface SalvageKnowledge {
  /** By the archive's name, for one whose beginning is lost. */
  readonly format?: "v1" | "v2" | undefined;
  /** The configuration beside it, for an archive that has lost its own. */
  readonly config?: { readonly name: string; readonly [key: string]: unknown } | undefined;
  readonly created?: string | undefined;
  /** The stream's first and last sequence when the backup was made. */
  readonly firstSequence?: number | undefined;
  readonly lastSequence?: number | undefined;
}
