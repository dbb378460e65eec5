import type { ArchiveProblem, ArchiveReport } from "./archive-report.ts";

/** What the server answered of the stream when its snapshot began, as far as `backup.json` says. */
export interface StateAtStart {
  readonly lastSequence: number | undefined;
  readonly messages: number | undefined;
  readonly consumers?: number | undefined;
}

/** What an archive was found to hold. */
type Found = Pick<ArchiveReport, "format" | "index" | "lastSequence" | "live" | "consumers" | "state" | "problems">;

/**
 * The problems of an archive, seen with what the server answered when its snapshot began. Messages that were live then, and still
 * when the index was written at the end, did not come too late: a block that was skipped at the end of the archive shows nowhere
 * else. No snapshot ends before the sequence that the stream had reached by then; and where an archive has no index, only the
 * count tells that messages are missing, or deleted ones among the others. Pure.
 */
export function problemsSinceStart(found: Found, start: StateAtStart): ArchiveProblem[] {
  const { format, lastSequence, problems } = found;
  const { lastSequence: lastAtStart } = start;
  const all = problems.map((problem) => sinceStart(problem, lastAtStart));
  const early = lastAtStart !== undefined && lastSequence < lastAtStart;
  // A v2 archive has a mark at its end, and says itself where the stream ended.
  if (early && format === "v1" && all.every(({ severity }) => severity !== "fatal")) {
    const message =
      `the archive ends at sequence ${lastSequence}, and the stream was at ${lastAtStart} when its snapshot began: what lay between, ` +
      "if it was not deleted, is missing";
    all.push({ code: "ends-early", severity: "fatal", message, first: lastSequence + 1, last: lastAtStart });
  }
  return [
    ...all,
    ...otherCount({ ...found, problems: all }, start),
    ...fewerConsumers(found, start),
    ...otherSnapshot(found, start),
  ];
}

function sinceStart(problem: ArchiveProblem, lastAtStart: number | undefined): ArchiveProblem {
  const { code, first } = problem;
  if (code !== "newer-than-copy" || first === undefined || lastAtStart === undefined || first > lastAtStart)
    return problem;
  const message = `messages from sequence ${first} on are missing: the stream held them when its snapshot began, up to ${lastAtStart}`;
  return { ...problem, severity: "fatal", message };
}

/** Of archives without index.db: in v2 the count is in the archive as well, and an index tells which messages there are. */
function* otherCount(
  { format, index, live, problems }: Found,
  { lastSequence, messages }: StateAtStart,
): Iterable<ArchiveProblem> {
  if (format === "v2" || index === "index.db" || lastSequence === undefined || messages === undefined) return;
  const count = live.ranges.countUpTo(lastSequence);
  if (
    count === messages ||
    problems.some(({ code }) => ["missing-block", "missing-messages", "ends-early"].includes(code))
  )
    return;
  const message =
    `the stream held ${messages} messages up to sequence ${lastSequence} when its snapshot began, the archive holds ${count}: ` +
    (count < messages
      ? "whether the others went meanwhile or are missing cannot be told without an index"
      : "without an index nothing tells which of them limits or a purge had removed by then");
  yield { code: "counts-differ", severity: "note", message, count };
}

/**
 * A v2 archive says nothing of its stream's name: only its state tells that it is not of this `backup.json`. Messages alone differ
 * where they were read one by one, and the last sequence alone where the `nats` CLI edited a backup.
 */
function* otherSnapshot({ state }: Found, { lastSequence, messages }: StateAtStart): Iterable<ArchiveProblem> {
  if (!state || lastSequence === undefined || messages === undefined) return;
  if (state.messages === messages || state.last_seq === lastSequence) return;
  const message =
    `backup.json is of another snapshot: it says ${messages} messages up to sequence ${lastSequence}, ` +
    `the archive ${state.messages} up to ${state.last_seq}`;
  yield { code: "other-snapshot", severity: "fatal", entry: "state.json", message };
}

/** In v2 the archive says how many there are. */
function* fewerConsumers({ format, consumers }: Found, start: StateAtStart): Iterable<ArchiveProblem> {
  if (format === "v2" || start.consumers === undefined || consumers.length >= start.consumers) return;
  const message =
    `the stream had ${start.consumers} consumers when its snapshot began, the archive holds ${consumers.length}: ` +
    "servers leave out those that are kept in memory";
  yield { code: "counts-differ", severity: "note", message, count: consumers.length };
}

/** The state of a stream as `backup.json` has it, which may say nothing. */
export function stateAtStart(state: { readonly [key: string]: unknown } | undefined): StateAtStart {
  const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  return {
    lastSequence: number(state?.last_seq),
    messages: number(state?.messages),
    consumers: number(state?.consumer_count),
  };
}
