import { type Ledger, type LedgerStream, streamKey } from "./ledger.ts";
import type { Sample } from "./picture.ts";
import { isSeen, seenOr } from "./unseen.ts";

/**
 * Streams that are no sign of a loss, by key: they are not there any more, or another one has the name, and nothing but a request can
 * have done that, as every server that answers has been running since they were last seen, one that had them among them. Servers lose
 * streams when they start. Pure.
 *
 * Half of all that held messages at once is no everyday deletion, by whomever: that is kept, for a person to see.
 */
export function deletedStreams(ledger: Ledger, sample: Sample): ReadonlySet<string> {
  const remembered = ledger.streams.filter(({ goneOnRequestAt }) => goneOnRequestAt == null);
  const gone = remembered.filter((known) => isNotThere(known, sample) && onRequest(ledger, known, sample));
  const full = gone.filter(heldSomething);
  const everyday = full.length < 2 || full.length * 2 < remembered.filter(heldSomething).length;
  return new Set((everyday ? gone : gone.filter((known) => !heldSomething(known))).map(keyOf));
}

const keyOf = ({ account, name }: LedgerStream): string => streamKey(account, name);
const heldSomething = ({ counters }: LedgerStream): boolean => (counters?.lastSeq ?? 0) > 0;

/** Where somebody lists all streams of its account. What Relight deletes or restores itself is another matter. */
function isNotThere({ account, name, created, deletedAt, restoringAt }: LedgerStream, { accounts }: Sample): boolean {
  if (deletedAt !== null || restoringAt !== null) return false;
  const own = accounts.find((one) => one.name === account);
  if (own === undefined || !isSeen(own.inventory)) return false;
  const seen = own.streams.find((stream) => stream.name === name);
  if (seen === undefined || seen.answer.kind === "not-found") return true;
  const now = seenOr(seen.created, null);
  return created !== null && now !== null && now !== created;
}

/** Since its baseline was last seen: another stream of its name may have been seen after that, or it may not have answered. */
function onRequest({ servers }: Ledger, known: LedgerStream, sample: Sample): boolean {
  const { countersAt } = known;
  const since = new Map(servers.map(({ name, process }) => [name, process ?? null]));
  const answering = sample.servers.filter(({ answers }) => seenOr(answers, false));
  if (countersAt === null) return false;
  const ran = answering.every(({ name, id }) => {
    const process = since.get(name) ?? null;
    return process !== null && isSeen(id) && process.id === id && process.since <= countersAt;
  });
  return ran && answering.some(({ name }) => known.servers.includes(name));
}
