import { nameList } from "../name-list.ts";
import type { View } from "./view.ts";

/** So many streams are named. */
const named = 5;

/** "APP/FIVE has fewer replicas than it should": streams that go on and miss a replica; null: there is none. */
export function fewerReplicas({ streams }: View): string | null {
  const keys = streams.filter(({ kind }) => kind === "short").map(({ key }) => key);
  if (keys.length === 0) return null;
  if (keys.length === 1) return `${keys[0]} has fewer replicas than it should`;
  const some = keys.length > named ? [...keys.slice(0, named), `${keys.length - named} more`] : keys;
  return `${nameList(some)} have fewer replicas than they should`;
}
