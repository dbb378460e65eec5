import type { MetaPicture, ServerPicture } from "./server-picture.ts";
import type { StreamPicture } from "./stream-picture.ts";
import type { Known } from "./unseen.ts";

export type * from "./server-picture.ts";
export type * from "./stream-picture.ts";
export type * from "./unseen.ts";

/**
 * What Relight saw of a cluster: plain JSON data, which the judges and the planner are pure functions of.
 *
 * Two samples, because one proves little: a cut-off leader goes on claiming to lead for up to 24 s, a lag in flight is normal,
 * and a stream that is being moved shows passing states. What acts needs both samples to say the same.
 *
 * Three kinds of "nothing": `null` was asked and is none; an `Unseen` could not be seen, and says why; no key is ever left
 * out. Times are RFC 3339 by Relight's clock, spans are ms, sizes bytes, sequences plain numbers.
 */
export interface Picture {
  readonly format: "relight-cluster-picture";
  readonly formatVersion: 1;
  /** The earlier look; null where only one was taken, which is enough to show but never to act. */
  readonly earlier: Sample | null;
  readonly later: Sample;
}

/** One look. Everything in it was asked within `tookMs`. */
export interface Sample {
  readonly takenAt: string;
  readonly tookMs: number;
  readonly sight: Sight;
  /** Sorted by name. All that answered, and all that anybody speaks of. */
  readonly servers: readonly ServerPicture[];
  readonly meta: Known<MetaPicture>;
  /** Sorted by name. With a system credential all accounts that any server holds streams of. */
  readonly accounts: readonly AccountPicture[];
}

/** Through which eyes it was seen. */
export interface Sight {
  /** The servers' own answers (PING, JSZ), which only the system account may ask for. */
  readonly system: Known<"answers">;
  /**
   * Whether every server that is known answered: then what no server holds is held by none of the living. Unseen without a
   * system credential, or where the number of servers is not known.
   */
  readonly allServersAnswered: Known<boolean>;
  /** The account of the ordinary credential; unseen where none was given or it did not answer. */
  readonly account: Known<string>;
  /** The accounts of further credentials, in their order. */
  readonly others: readonly Known<string>[];
}

export interface AccountPicture {
  readonly name: string;
  /**
   * STREAM.NAMES, which the meta group answers: also the streams that are wholly dead. Unseen: `streams` has only what living
   * servers hold, and a lost R1 stream would be missing in it without a trace.
   */
  readonly inventory: Known<"complete">;
  /** Sorted by name. */
  readonly streams: readonly StreamPicture[];
}
