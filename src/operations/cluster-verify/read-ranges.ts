import { ReplicaComparison, type ReplicaFindings } from "../../cluster/verify/replica-comparison.ts";
import type { SequenceRun } from "../../cluster/verify/verified-stream.ts";
import { SequenceRanges } from "../../formats/sequence-ranges.ts";
import type { Pace } from "./pace.ts";
import { type OpenReplica, UnreadableReplica } from "./replica-access.ts";
import { ReplicaReader } from "./replica-reader.ts";

export interface ReadRangesOptions {
  readonly open: OpenReplica;
  /** The servers whose replicas are read side by side. */
  readonly servers: readonly string[];
  /** Ascending, both ends inclusive. */
  readonly ranges: readonly SequenceRun[];
  readonly averageBytes: number;
  readonly pace: Pace;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RangesRead {
  /** Messages that at least one replica handed out. */
  readonly messages: number;
  readonly findings: readonly ReplicaFindings[];
  /** Where a server stopped handing out though more was to come, by server. */
  readonly holes: ReadonlyMap<string, SequenceRanges>;
  /** Replicas that were not read to the end, and why; what the others hold was not compared with them. */
  readonly notRead: ReadonlyMap<string, UnreadableReplica>;
}

/**
 * Reads parts of a stream from several replicas, side by side, and compares them. Whoever cannot be read is left out from the
 * beginning, and the others are read anew: a comparison that one of them leaves in the middle proves nothing.
 *
 * Throws CANCELLED, and what the API throws.
 */
export async function readRanges(options: ReadRangesOptions): Promise<RangesRead> {
  const notRead = new Map<string, UnreadableReplica>();
  for (;;) {
    const servers = options.servers.filter((server) => !notRead.has(server));
    const result = await readTogether(options, servers);
    if (!("lost" in result)) return { ...result, notRead };
    notRead.set(result.lost, result.why);
  }
}

type Together = Omit<RangesRead, "notRead"> | { readonly lost: string; readonly why: UnreadableReplica };

async function readTogether(options: ReadRangesOptions, servers: readonly string[]): Promise<Together> {
  const { averageBytes } = options;
  const comparison = new ReplicaComparison(servers);
  const holes = new Map<string, SequenceRanges>();
  if (servers.length === 0) return { messages: 0, findings: [], holes };
  for (const [from, through] of options.ranges) {
    await using readers = new AsyncDisposableStack();
    const all = servers.map((server) =>
      readers.use(new ReplicaReader({ server, access: options.open(server), from, through, averageBytes })),
    );
    while (all.some((reader) => !reader.done)) {
      // Those furthest back go on together; the others wait, so that little has to be kept.
      const at = Math.min(...all.filter(({ done }) => !done).map(({ server }) => comparison.upToOf(server)));
      const next = all.filter(({ done, server }) => !done && comparison.upToOf(server) === at);
      const settled = await Promise.allSettled(next.map((reader) => reader.read()));
      for (const [index, result] of settled.entries()) {
        const server = next[index]?.server ?? "";
        if (result.status === "rejected") {
          if (result.reason instanceof UnreadableReplica) return { lost: server, why: result.reason };
          throw result.reason;
        }
        const { sequences, digests, bytes, upTo, hole } = result.value;
        comparison.add(server, sequences, digests, upTo);
        if (hole) holes.set(server, (holes.get(server) ?? new SequenceRanges()).union(SequenceRanges.from([hole])));
        options.onBytes?.(bytes);
        await options.pace.spend(bytes, options.signal);
      }
    }
  }
  return { messages: comparison.messages, findings: comparison.findings(), holes };
}
