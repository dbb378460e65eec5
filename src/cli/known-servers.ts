import type { Ledger } from "../cluster/ledger.ts";
import { nameList } from "../cluster/name-list.ts";
import { isMeant } from "../cluster/peer-id.ts";
import type { Sample } from "../cluster/picture.ts";
import type { OperatorWords } from "../cluster/plan/plan-request.ts";
import { isSeen, seenOr } from "../cluster/unseen.ts";
import { RelightError } from "../errors.ts";

interface KnownServer {
  /** null: a ghost, known by its id only. */
  readonly name: string | null;
  readonly peer: string;
}

/**
 * Throws USAGE for a server that nobody knows: a mistyped name must not seem to be heard. Without the servers' own answers nobody
 * can tell, and nothing is planned either.
 */
export function refuseUnknownServers(
  { gone, drain }: Pick<OperatorWords, "gone" | "drain">,
  sample: Sample,
  ledger: Ledger | undefined,
): void {
  if (!isSeen(sample.sight.system)) return;
  const members = isSeen(sample.meta) ? seenOr(sample.meta.peers, []) : [];
  const known: readonly KnownServer[] = [...sample.servers, ...members, ...(ledger?.servers ?? [])];
  const isKnown = (word: string): boolean => known.some((server) => isMeant(word, server));
  for (const [flag, words] of [
    ["--gone", gone],
    ["--drain", drain],
  ] as const) {
    const unknown = words.filter((word) => !isKnown(word));
    if (unknown.length === 0) continue;
    const names = [...new Set(known.map(({ name, peer }) => name ?? peer))].sort();
    throw new RelightError("USAGE", `${flag}: no server ${nameList(unknown)} is known in this cluster`, {
      hint: `It knows ${nameList(names)}.`,
    });
  }
}
