import { byAccount } from "../../cluster/by-account.ts";
import { allStreams } from "../../cluster/doctor/finding.ts";
import type { Picture, Sample, StreamPicture } from "../../cluster/picture.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { compareCounters } from "../../cluster/verify/compare-counters.ts";
import { type Verdict, type VerifiedStream, worstOf } from "../../cluster/verify/verified-stream.ts";
import { isRelightError, RelightError } from "../../errors.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { Pace } from "./pace.ts";
import { verifyStream } from "./verify-stream.ts";

export interface VerifyClusterOptions {
  /** Two looks; one is enough where the content is read. */
  readonly picture: Picture;
  /** Streams to verify: "ORDERS", or "APP/ORDERS" where several accounts have one. Empty: all. */
  readonly streams: readonly string[];
  /** Read every replica; else the counters alone are compared. */
  readonly deep: boolean;
  /** The account whose streams can be read, that of the picture. */
  readonly account?: JetStreamApi | undefined;
  /** Further accounts, those of the picture. */
  readonly others?: readonly JetStreamApi[] | undefined;
  /** Messages to read of one stream at most, in parts; undefined: all. */
  readonly sample?: number | undefined;
  /** Bytes per second that are read of all replicas together; 0 = as fast as it goes. */
  readonly bytesPerSecond?: number | undefined;
  readonly onEvent?: ((event: VerifyEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type VerifyEvent =
  /** Bytes read of all replicas of a stream, and those there are. */
  | { readonly type: "progress"; readonly stream: string; readonly bytes: number; readonly total: number }
  | { readonly type: "stream"; readonly result: VerifiedStream };

export interface VerifiedCluster {
  readonly verdict: Verdict;
  readonly deep: boolean;
  /** Sorted by account and name. */
  readonly streams: readonly VerifiedStream[];
}

/**
 * Verifies the streams of a cluster one after the other: their counters, and with `deep` the content of every replica. One that
 * cannot be read does not stop the others. Throws STREAM_NOT_FOUND where a name fits no stream, CANCELLED, CONNECTION_LOST.
 */
export async function verifyCluster(options: VerifyClusterOptions): Promise<VerifiedCluster> {
  const { picture, deep, onEvent } = options;
  const pace = new Pace(options.bytesPerSecond ?? 0);
  const streams: VerifiedStream[] = [];
  for (const stream of chosenStreams(picture.later, options.streams)) {
    const counted = compareCounters(picture, stream);
    const result = deep ? await readContent(stream, counted, pace, options) : counted;
    streams.push(result);
    onEvent?.({ type: "stream", result });
  }
  // Streams of which nobody told would be missing here without a trace.
  const unseen = picture.later.accounts.some(({ inventory }) => !isSeen(inventory)) && options.streams.length === 0;
  const verdict = worstOf([...streams.map((stream) => stream.verdict), ...(unseen ? ["unproven" as const] : [])]);
  return { verdict, deep, streams };
}

/** The streams of these names, or all. Throws STREAM_NOT_FOUND for a name that fits none. */
export function chosenStreams(look: Sample, wanted: readonly string[]): readonly StreamPicture[] {
  const all = allStreams(look);
  if (wanted.length === 0) return all;
  const fits = ({ account, name }: StreamPicture, word: string): boolean =>
    word === name || word === `${account}/${name}`;
  for (const word of wanted) {
    if (all.some((stream) => fits(stream, word))) continue;
    throw new RelightError("STREAM_NOT_FOUND", `no stream "${word}" was seen`, {
      hint: `These were: ${all.map(({ account, name }) => `${account}/${name}`).join(", ") || "none"}.`,
    });
  }
  return all.filter((stream) => wanted.some((word) => fits(stream, word)));
}

async function readContent(
  stream: StreamPicture,
  counted: VerifiedStream,
  pace: Pace,
  options: VerifyClusterOptions,
): Promise<VerifiedStream> {
  const { picture, signal, sample, onEvent } = options;
  const api = byAccount(picture.later, options).get(stream.account);
  const unread = (reason: string): VerifiedStream => {
    const verdict = worstOf([counted.verdict, "unproven"]);
    return { ...counted, verdict, reason: verdict === "damaged" ? `${counted.reason}; not read: ${reason}` : reason };
  };
  if (api === undefined || stream.answer.kind === "not-asked") {
    return unread(`only its own account can read it: give a credential of account ${stream.account}`);
  }
  if (counted.leader === null || stream.claimants.length > 1) return unread(counted.reason);
  // A server that reads a damaged block cuts off what lies behind the damage, also for whoever would have salvaged it from the disk.
  const copies = counted.replicas.filter((replica) => replica.counted !== null).length;
  if ((copies === 1 || counted.replicas.length === 1) && options.streams.length === 0) {
    return unread(
      `one copy, not read: a read can cost what lies behind a damaged place. A backup proves it (relight stream backup ${stream.name} <dir>); --stream ${stream.name} reads it`,
    );
  }
  const state = seenOr(stream.state, null);
  const total = (state?.bytes ?? 0) * counted.replicas.length;
  let bytes = 0;
  try {
    return await verifyStream({
      api,
      counted,
      sample,
      pace,
      signal,
      onBytes: (more) => {
        bytes += more;
        onEvent?.({ type: "progress", stream: stream.name, bytes, total });
      },
    });
  } catch (error) {
    if (signal?.aborted) throw new RelightError("CANCELLED", "the verification was cancelled", { cause: error });
    // A stream that does not answer, or is gone meanwhile, keeps none of the others from being read.
    if (!isRelightError(error) || error.code === "CONNECTION_LOST" || error.code === "INTERNAL") throw error;
    return unread(error.message);
  }
}
