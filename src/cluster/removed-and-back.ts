import type { Ledger } from "./ledger.ts";
import type { Sample } from "./picture.ts";
import type { ServerPicture } from "./server-picture.ts";
import { isSeen } from "./unseen.ts";

/** A server that answers although it does not belong to the meta group any more, or did not for a while. */
export interface RemovedAndBack {
  readonly kind: /** It was removed, and is no member, or one whose JetStream is off (2.9): what it has does not count. */
    | "removed"
    /** It runs JetStream and is no member; nobody remembers that it was removed. It may have started this moment. */
    | "stranger"
    /** It was removed, and was taken in again under its old name: it has begun anew. */
    | "member-again";
  /** When Relight removed it; null: it did not, or that is forgotten. */
  readonly removedAt: string | null;
  /** One sentence for a person. */
  readonly text: string;
}

/** What is to be done with a server that was removed and is back. */
export const removedCure = "Stop it. It may come back with a new server_name and an empty store directory only.";

/**
 * Whether a server was removed and is back under its name. It may call itself healthy then: 2.15 keeps it out of the meta group, and it
 * says that all is well; older ones take it in again after a moment. Null: it does not answer, it is a member as ever, or too little is seen to say.
 */
export function removedAndBack(server: ServerPicture, { meta }: Sample, ledger?: Ledger): RemovedAndBack | null {
  if (server.answers !== true || !isSeen(meta) || meta.leader === null || !isSeen(meta.peers)) return null;
  const member = meta.peers.some(({ name }) => name === server.name);
  const removedAt = ledger?.servers.find(({ name }) => name === server.name)?.removedAt ?? null;
  if (removedAt === null) {
    if (member || !isSeen(server.jetstream) || !server.jetstream.enabled) return null;
    const text =
      "runs JetStream and is no member of the meta group: it started this moment, or was removed and is back; what it has does not count";
    return { kind: "stranger", removedAt, text };
  }
  const off = isSeen(server.jetstream) && !server.jetstream.enabled;
  const since = `was removed on ${removedAt.slice(0, 19).replace("T", " ")} UTC`;
  if (member && off) {
    const text = `${since} and is back under its old name with its JetStream off: it counts for the quorum, and holds nothing`;
    return { kind: "removed", removedAt, text };
  }
  return member
    ? { kind: "member-again", removedAt, text: `${since} and is a member again under its old name: it has begun anew` }
    : {
        kind: "removed",
        removedAt,
        text: `${since} and is back under its old name: it is no member, what it has does not count`,
      };
}
