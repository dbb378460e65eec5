import { streamKey } from "../../cluster/ledger.ts";
import type { Sample } from "../../cluster/picture.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";

/** So many streams are named. */
const shown = 3;

/** What of the cluster got worse between two looks, for a person: servers, the meta leader, streams that lost theirs. Pure. */
export function whatChanged(before: Sample, now: Sample): readonly string[] {
  const changes: string[] = [];
  if (isSeen(before.sight.system) && !isSeen(now.sight.system)) {
    return ["the servers do not answer on the system account any more"];
  }
  const answered = (sample: Sample): readonly string[] =>
    sample.servers.filter(({ answers }) => answers === true).map(({ name }) => name);
  const still = new Set(answered(now));
  for (const name of answered(before)) if (!still.has(name)) changes.push(`${name} does not answer any more`);
  const led = leaderOf(before);
  const leads = leaderOf(now);
  if (led !== null && leads !== led) {
    changes.push(`${led} led the meta group, and now ${leads ?? "nobody"} does`);
  }
  for (const name of unheardAccounts(before, now)) changes.push(`account ${name} does not list its streams any more`);
  const leaderless = lostLeaders(before, now);
  if (leaderless.length > 0) {
    const more = leaderless.length > shown ? ` and ${leaderless.length - shown} more` : "";
    changes.push(`without a leader now: ${leaderless.slice(0, shown).join(", ")}${more}`);
  }
  return changes;
}

/** Accounts that listed their streams and do not any more. */
export function unheardAccounts(before: Sample, now: Sample): readonly string[] {
  const listing = ({ accounts }: Sample): readonly string[] =>
    accounts.filter(({ inventory }) => isSeen(inventory)).map(({ name }) => name);
  const still = new Set(listing(now));
  return listing(before).filter((name) => !still.has(name));
}

const leaderOf = ({ meta }: Sample): string | null => (isSeen(meta) ? meta.leader : null);

/** Streams that had a leader and do not tell of one any more; what was deleted since is none of them. */
function lostLeaders(before: Sample, now: Sample): readonly string[] {
  const led = new Set(streams(before).flatMap(([key, leader]) => (leader === null ? [] : [key])));
  return streams(now).flatMap(([key, leader]) => (leader === null && led.has(key) ? [key] : []));
}

function streams({ accounts }: Sample): readonly (readonly [key: string, leader: string | null])[] {
  return accounts.flatMap((account) =>
    account.streams.flatMap((stream) => {
      const { name, leader, answer } = stream;
      return answer.kind === "not-found" ? [] : [[streamKey(account.name, name), seenOr(leader, null)] as const];
    }),
  );
}
