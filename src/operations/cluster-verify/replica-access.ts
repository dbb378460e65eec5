import type { Fetched } from "./fetched.ts";

/** One replica of a stream, read on the server that has it. To be disposed of. */
export interface ReplicaAccess extends AsyncDisposable {
  /**
   * The next messages from a sequence on that this replica hands out, `batch` at most. What the server does is in the answer.
   * Throws {@link UnreadableReplica}, CANCELLED, and what the API throws.
   */
  fetch(from: number, batch: number): Promise<Fetched>;
  /** Forgets what it was asked before, so that the next request is a new one for the server, too. */
  renew(): Promise<void>;
}

/** How the replica on a server is reached. */
export type OpenReplica = (server: string) => ReplicaAccess;

/** A server may send so much at once, in bytes. */
export const batchBytes = 1024 * 1024;

/** Reading a replica was not possible, or not to its end. */
export class UnreadableReplica extends Error {
  readonly kind: "refused" | "missed" | "lost";
  constructor(kind: UnreadableReplica["kind"], reason: string) {
    super(reason);
    this.kind = kind;
  }
}
