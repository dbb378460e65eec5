import { type Ledger, type LedgerStream, streamKey } from "./ledger.ts";
import type { Picture, Sample, StreamCounters, StreamPicture } from "./picture.ts";
import { isSeen, seenOr } from "./unseen.ts";

/** A sign that something was lost which the ledger remembers. */
export interface Regression {
  readonly kind: /** The same stream by its creation time, and nothing in it: an R1 stream that was re-created empty. */
    | "emptied"
    /** Its last sequence is lower than it was. */
    | "went-back"
    /** Another creation time: deleted and created anew, by a person or because every copy was gone. */
    | "recreated"
    /** The account does not know it any more: deleted by a person, or forgotten. */
    | "vanished"
    /** A consumer's acknowledgements went back: it was reset, and delivers again. */
    | "consumer-reset";
  readonly account: string;
  readonly stream: string;
  readonly consumer: string | null;
  /** For a person. */
  readonly text: string;
  /**
   * Both samples show it, and no living replica holds more. Until then it may be a passing state: a stream with 500 messages
   * was seen to answer with none for a moment.
   */
  readonly certain: boolean;
}

/** Compares a picture with what was seen before. `named`: streams, by key, that are missed although somebody deleted them. */
export function regressions(
  everything: Ledger,
  picture: Picture,
  named: readonly string[] = [],
): readonly Regression[] {
  const missed = everything.streams.filter(({ account, name, goneOnRequestAt }) => {
    return goneOnRequestAt == null || named.includes(streamKey(account, name));
  });
  const ledger: Ledger = { ...everything, streams: missed };
  const { earlier, later } = picture;
  const before = earlier === null ? [] : inSample(ledger, earlier);
  const labelled = ({ kind, account, stream, consumer }: Regression): string =>
    JSON.stringify([kind, account, stream, consumer]);
  const sure = new Set(before.filter(({ certain }) => certain).map(labelled));
  // What Relight deleted itself, to restore it, is gone for a known reason: one look is enough.
  const deleted = new Set(
    ledger.streams.filter(({ deletedAt }) => deletedAt !== null).map(({ account, name }) => streamKey(account, name)),
  );
  return inSample(ledger, later).map((found) => ({
    ...found,
    certain:
      found.certain &&
      (sure.has(labelled(found)) || (found.kind === "vanished" && deleted.has(streamKey(found.account, found.stream)))),
  }));
}

function inSample(ledger: Ledger, sample: Sample): readonly Regression[] {
  const found: Regression[] = [];
  const complete = new Set(sample.accounts.filter(({ inventory }) => isSeen(inventory)).map(({ name }) => name));
  const streams = new Map(
    sample.accounts.flatMap((account) =>
      account.streams.map((stream) => [streamKey(account.name, stream.name), stream]),
    ),
  );
  for (const known of ledger.streams) {
    if (known.counters === null && known.created === null) continue;
    const seen = streams.get(streamKey(known.account, known.name));
    const sign = (kind: Regression["kind"], text: string, certain: boolean, consumer: string | null = null): void => {
      found.push({ kind, account: known.account, stream: known.name, consumer, text, certain });
    };
    if (seen === undefined || seen.answer.kind === "not-found") {
      // What nobody lists is gone only where somebody lists all.
      if (!complete.has(known.account)) continue;
      sign(
        "vanished",
        `${streamKey(known.account, known.name)} was there on ${known.seenAt}, and is not known any more`,
        true,
      );
      continue;
    }
    compare(known, seen, sign);
  }
  return found;
}

/** Whether the counters alone would let one be the other, or more of it. */
function holdsAll(now: StreamCounters, before: StreamCounters): boolean {
  return now.messages >= before.messages && now.lastSeq >= before.lastSeq && before.messages > 0;
}

function compare(
  known: LedgerStream,
  seen: StreamPicture,
  sign: (kind: Regression["kind"], text: string, certain: boolean, consumer?: string) => void,
): void {
  const name = streamKey(known.account, known.name);
  const state = seenOr(seen.state, null);
  const led = seenOr(seen.leader, null) !== null;
  const created = seenOr(seen.created, null);
  // The one that had the name last, where that is not the one that the rest of the ledger tells of.
  const last = known.anew != null && known.anew.created === created ? known.anew : null;
  const { counters: baseline, countersAt } = last ?? known;
  // Never infer emptiness without a leader, nor while a living replica holds more.
  const more = seenOr(seen.replicas, []).some((replica) => replica.state.lastSeq > (state?.lastSeq ?? 0));
  const certain = led && isSeen(seen.replicas) && !more;
  const less = last !== null && state !== null && state.lastSeq < last.counters.lastSeq;
  if (known.created !== null && created !== null && created !== known.created && !less) {
    const held = `${name} held sequences up to ${known.counters?.lastSeq ?? "?"} on ${known.countersAt ?? known.seenAt}`;
    const whole = state !== null && known.counters !== null && holdsAll(state, known.counters);
    const same = whole ? "; it has as many messages, and ends no earlier: as a restore by hand leaves it" : "";
    sign("recreated", `${held}, and was created anew on ${created}${same}`, certain);
    return;
  }
  const text = `${name} held sequences up to ${baseline?.lastSeq ?? "?"} on ${countersAt ?? known.seenAt}`;
  if (state === null || baseline === null) return;
  if (state.lastSeq < baseline.lastSeq) {
    if (state.lastSeq === 0) sign("emptied", `${text}, and is empty now, with the same creation time`, certain);
    else sign("went-back", `${text}, and ends at ${state.lastSeq} now`, certain);
    return;
  }
  for (const consumer of seenOr(seen.consumers, [])) {
    const floor = seenOr(consumer.ackFloor, null);
    const before = known.consumers.find((one) => one.name === consumer.name)?.ackFloor ?? null;
    if (floor === null || before === null || floor >= before) continue;
    const consumerText = `consumer ${name} > ${consumer.name} had acknowledged up to ${before}, and is at ${floor} now`;
    sign("consumer-reset", consumerText, seenOr(consumer.leader, null) !== null, consumer.name);
  }
}
