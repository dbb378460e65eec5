import type { Sample } from "./picture.ts";
import { seenOr } from "./unseen.ts";

/** For an account whose name is not known: it may not ask who it is. */
export const nameless = "(this account)";

/** What there is one of for each credential, by the account that a look found it to be of; of two of one account the first. */
export function byAccount<Each>(
  { sight }: Pick<Sample, "sight">,
  { account, others = [] }: { readonly account?: Each | undefined; readonly others?: readonly Each[] | undefined },
): ReadonlyMap<string, Each> {
  const told = [...(account === undefined ? [] : [sight.account]), ...sight.others];
  const each = [...(account === undefined ? [] : [account]), ...others];
  const found = new Map<string, Each>();
  for (const [index, one] of each.entries()) {
    const name = seenOr(told[index] ?? { unseen: "not-told" }, nameless);
    if (!found.has(name)) found.set(name, one);
  }
  return found;
}
