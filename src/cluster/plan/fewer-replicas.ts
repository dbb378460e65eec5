import { shortNameList } from "../name-list.ts";
import type { View } from "./view.ts";

/** "APP/FIVE has fewer replicas than it should": streams that go on and miss a replica; null: there is none. */
export function fewerReplicas({ streams }: View): string | null {
  const keys = streams.filter(({ kind }) => kind === "short").map(({ key }) => key);
  if (keys.length === 0) return null;
  if (keys.length === 1) return `${keys[0]} has fewer replicas than it should`;
  return `${shortNameList(keys)} have fewer replicas than they should`;
}
