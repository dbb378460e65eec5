import { RelightError } from "../errors.ts";
import { acceptStream, type Ledger, streamKey } from "./ledger.ts";
import { nameList } from "./name-list.ts";
import type { Sample } from "./picture.ts";
import { isSeen } from "./unseen.ts";

/**
 * Takes what there is of these streams ("ACCOUNT/STREAM") for right, as a person says that it was deleted, emptied or created anew on
 * purpose. One that the cluster has not any more is forgotten, what is seen of another is the new baseline. Pure.
 * Throws USAGE for a stream that neither the ledger nor the cluster knows: a mistyped name must not seem to be heard.
 */
export function acceptStreams(ledger: Ledger, keys: readonly string[], { accounts }: Sample): Ledger {
  const there = new Set(
    accounts.flatMap(({ streams }) =>
      streams.filter(({ answer }) => answer.kind !== "not-found").map(({ account, name }) => streamKey(account, name)),
    ),
  );
  const complete = new Set(accounts.filter(({ inventory }) => isSeen(inventory)).map(({ name }) => name));
  const known = ledger.streams.map(({ account, name }) => streamKey(account, name));
  const unknown = keys.filter((key) => !known.includes(key) && !there.has(key));
  if (unknown.length > 0) {
    throw new RelightError("USAGE", `--accept: no stream ${nameList(unknown)} is known in this cluster`, {
      hint: "Streams are named as in the plan: ACCOUNT/STREAM.",
    });
  }
  const accepted = keys.reduce(acceptStream, ledger);
  const isGone = (account: string, key: string): boolean =>
    keys.includes(key) && complete.has(account) && !there.has(key);
  return {
    ...accepted,
    streams: accepted.streams.filter(({ account, name }) => !isGone(account, streamKey(account, name))),
  };
}
