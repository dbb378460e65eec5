import { setTimeout as sleep } from "node:timers/promises";
import { keepsUp } from "../../cluster/keeps-up.ts";
import {
  type SequenceRun,
  type Verdict,
  type VerifiedReplica,
  type VerifiedStream,
  worstOf,
} from "../../cluster/verify/verified-stream.ts";
import { SequenceRanges } from "../../formats/sequence-ranges.ts";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { describeVerified } from "./describe-verified.ts";
import { replicasOf } from "./open-replica.ts";
import type { Pace } from "./pace.ts";
import { type RangesRead, type ReadRangesOptions, readRanges } from "./read-ranges.ts";
import { sampleRanges } from "./sample-ranges.ts";
import { withoutContent } from "./without-content.ts";

export interface VerifyStreamOptions {
  readonly api: JetStreamApi;
  /** What the counters came to. */
  readonly counted: VerifiedStream;
  /** Messages to read in all at most, in parts; undefined: all of them. */
  readonly sample?: number | undefined;
  readonly pace: Pace;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A stream that moves makes replicas differ for a moment: what differs is read so often before it counts. */
const confirmations = 2;
const confirmAfterMs = 1_000;
const settleMs = 10_000;
/** Ranges that are read again at most; more than these are read as one. */
const rangesAgain = 24;

/**
 * Reads every replica of a stream from its first message to the last that it has now, and compares them message by message. What
 * differs is read again where the stream moved meanwhile. Changes nothing but for short-lived
 * consumers.
 *
 * Throws CANCELLED, STREAM_NOT_FOUND, and what the API throws.
 */
export async function verifyStream(options: VerifyStreamOptions): Promise<VerifiedStream> {
  const { api, counted, sample } = options;
  const started = Date.now();
  const before = await api.streamInfo(counted.stream);
  const { first_seq: first, last_seq: last, messages, bytes } = before.state;
  const servers = counted.replicas.map(({ server }) => server);
  if (messages === 0)
    return withContent(counted, { firstSeq: first, lastSeq: last, messages: 0, sampled: false }, started);
  const size = Math.max(servers.length, before.config.num_replicas ?? 1);
  const open = replicasOf({ api, config: before.config, replicas: size, signal: options.signal });
  if ("reason" in open) return withoutContent(counted, open.reason);

  const whole: SequenceRun = [Math.max(1, first), last];
  const ranges = sample === undefined || messages <= sample ? [whole] : sampleRanges(whole, sample);
  const sampled = ranges.length !== 1 || ranges[0] !== whole;
  const reading: ReadRangesOptions = {
    ...options,
    open,
    servers,
    ranges,
    averageBytes: bytes / messages,
  };
  const read = await readRanges(reading);
  let after = await api.streamInfo(counted.stream);
  let suspects = suspectsOf(read);
  let firstSeq = Math.max(first, after.state.first_seq);
  if (suspects.size > 0 && !isStill(before, after)) {
    for (let round = 0; round < confirmations && suspects.size > 0; round++) {
      await settle(options, counted.stream);
      const parts = partsOf(suspects);
      const again = suspectsOf(await readRanges({ ...reading, ranges: parts, onBytes: undefined }));
      // What counts was so in every reading.
      suspects = intersect(suspects, again);
      after = await api.streamInfo(counted.stream);
    }
    firstSeq = Math.max(firstSeq, after.state.first_seq);
  }
  const still = isStill(before, after);
  const replicas = counted.replicas.map((replica) =>
    judgeReplica(replica, read, suspects, { messages: still && !sampled ? messages : null, firstSeq, sampled }),
  );
  const content = { firstSeq: whole[0], lastSeq: last, messages: read.messages, sampled, tookMs: Date.now() - started };
  const verdict = worstOf([
    ...replicas.map((replica) => replica.verdict),
    ...(replicas.length === 0 ? ["unproven" as const] : []),
  ]);
  const judged = { ...counted, verdict, content, replicas };
  return { ...judged, reason: describeVerified(judged) };
}

/** Waits a moment, and until no replica is far behind: one that is still has what others removed. At most ten seconds. */
async function settle({ api, signal }: VerifyStreamOptions, stream: string): Promise<void> {
  for (const until = Date.now() + settleMs; ; ) {
    await sleep(confirmAfterMs, undefined, signal ? { signal } : {});
    const { cluster } = await api.streamInfo(stream);
    const behind = (cluster?.replicas ?? []).some(({ current, offline = false, active, lag = 0 }) => {
      return !offline && !keepsUp({ current, offline, activeMs: active / 1e6, lag });
    });
    if (!behind || Date.now() > until) return;
  }
}

function withContent(
  counted: VerifiedStream,
  content: {
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly messages: number;
    readonly sampled: boolean;
  },
  started: number,
): VerifiedStream {
  return {
    ...counted,
    reason: counted.verdict === "proven" ? "it is empty on all replicas" : counted.reason,
    content: { ...content, tookMs: Date.now() - started },
    replicas: counted.replicas.map((replica) => ({ ...replica, read: 0 })),
  };
}

/** Nothing was published, removed or elected in between: then what differs, differs. */
function isStill(before: StreamInfo, after: StreamInfo): boolean {
  const { state: a } = before;
  const { state: b } = after;
  return (
    before.created === after.created &&
    before.cluster?.leader === after.cluster?.leader &&
    a.messages === b.messages &&
    a.first_seq === b.first_seq &&
    a.last_seq === b.last_seq &&
    (a.num_deleted ?? 0) === (b.num_deleted ?? 0)
  );
}

interface Suspect {
  readonly missing: SequenceRanges;
  readonly unlike: SequenceRanges;
}

function suspectsOf({ findings }: RangesRead): ReadonlyMap<string, Suspect> {
  return new Map(
    findings.filter(({ missing, unlike }) => missing.count + unlike.count > 0).map((one) => [one.server, one]),
  );
}

function intersect(a: ReadonlyMap<string, Suspect>, b: ReadonlyMap<string, Suspect>): ReadonlyMap<string, Suspect> {
  const both = new Map<string, Suspect>();
  for (const [server, { missing, unlike }] of a) {
    const again = b.get(server);
    if (!again) continue;
    const left = { missing: missing.intersection(again.missing), unlike: unlike.intersection(again.unlike) };
    if (left.missing.count + left.unlike.count > 0) both.set(server, left);
  }
  return both;
}

/** The ranges of all suspects together. */
function partsOf(suspects: ReadonlyMap<string, Suspect>): readonly SequenceRun[] {
  let all = new SequenceRanges();
  for (const { missing, unlike } of suspects.values()) all = all.union(missing).union(unlike);
  return all.runs > rangesAgain ? [[all.first, all.last]] : [...all];
}

/** `messages`: how many the leader counted, where nothing moved and all was read; else null. */
function judgeReplica(
  counted: VerifiedReplica,
  read: RangesRead,
  suspects: ReadonlyMap<string, Suspect>,
  stream: { readonly messages: number | null; readonly firstSeq: number; readonly sampled: boolean },
): VerifiedReplica {
  const failure = read.notRead.get(counted.server);
  if (failure) return { ...counted, verdict: worstOf([counted.verdict, "unproven"]), notRead: failure.message };
  const found = read.findings.find(({ server }) => server === counted.server);
  const { missing = new SequenceRanges(), unlike = new SequenceRanges() } = suspects.get(counted.server) ?? {};
  const stopped = read.holes.get(counted.server) ?? new SequenceRanges();
  // What was removed from the front meanwhile is nobody's fault.
  const gone = missing.above(stream.firstSeq - 1);
  const short = stream.messages === null || !found ? 0 : stream.messages - found.read;
  // What it counts and does not hand out is there, and cannot be read: some servers stop before it, some pass over it.
  const claims = short > 0 && counted.counted?.messages === stream.messages;
  let unreadable = claims ? gone : gone.intersection(stopped);
  const lacks = gone.difference(unreadable);
  // Where no other replica says what there was, all of the place where it stopped is meant.
  if (short > 0 && gone.count === 0) unreadable = stopped;
  const counters = [...counted.counters];
  if (short > 0 && gone.count + unreadable.count === 0) {
    counters.push(`counts ${stream.messages} messages and hands out ${found?.read}`);
  }
  const bad = unreadable.count + lacks.count + unlike.count + counters.length > 0;
  // Who was read to the end and holds what the others do is proven, whatever its counters were doing.
  const verdict: Verdict = bad ? "damaged" : stream.sampled ? counted.verdict : "proven";
  return {
    ...counted,
    verdict,
    read: found?.read ?? null,
    unreadable: [...unreadable],
    missing: [...lacks],
    unlike: [...unlike],
    counters,
  };
}
