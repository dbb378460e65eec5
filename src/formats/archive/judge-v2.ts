import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import type { ArchiveProblem } from "./archive-report.ts";
import type { Verdict } from "./judge-v1.ts";
import type { V2Evidence } from "./v2-evidence.ts";

/** Sums up a v2 archive, and compares what it holds with what it announced. Pure. docs/formats/v2.md has the rules. */
export function judgeV2(evidence: V2Evidence): Verdict {
  const { live, streamState: state, ages } = evidence;
  const lastSequence = Math.max(live.last, state?.last_seq ?? 0);
  return {
    format: "v2",
    live: {
      messages: live.count,
      firstSequence: live.first,
      lastSequence: live.last,
      bytes: evidence.bytes,
      firstTime: evidence.firstTime,
      lastTime: evidence.lastTime,
      ranges: live,
    },
    lastSequence,
    lastSequenceBefore210: lastSequence,
    records: { total: live.count, erased: 0, tombstones: 0, deletedByIndex: 0 },
    index: "none",
    indexMatches: false,
    ...(state ? { state } : {}),
    consumers: evidence.consumers,
    expired: ages.expired.count,
    ttlMessages: ages.withTtl.count,
    problems: [...evidence.problems, ...(state ? compare(evidence, state) : [])],
    resurrects: 0,
    liveWithoutIndexDiffers: false,
  };
}

function* compare({ live }: V2Evidence, state: StreamStateJson): Iterable<ArchiveProblem> {
  const { messages, first_seq: first, last_seq: last } = state;
  const entry = "state.json";
  if (contradicts(state)) {
    const message = `state.json contradicts itself: ${messages} messages from ${first} to ${last}`;
    yield { code: "contradictory-state", severity: "fatal", entry, message };
  }
  if (live.count > 0 && live.first < first) {
    const message = `the first message has sequence ${live.first}, before the stream's first, ${first}: no server takes that`;
    yield { code: "outside-state", severity: "fatal", message, first: live.first, last: live.first };
  }
  if (live.count > 0 && live.last > last) {
    const count = live.count - live.countUpTo(last);
    const message = `${count} messages arrived behind sequence ${last}, where the snapshot began`;
    yield { code: "outside-state", severity: "note", message, first: last + 1, last: live.last, count };
  }
  if (live.count !== messages) {
    const message = `state.json announced ${messages} messages, the archive holds ${live.count}: the stream moved meanwhile`;
    yield { code: "counts-differ", severity: "note", entry, message, count: live.count };
  }
}

/** The checks of a 2.15.1 server before it restores. Source: server/stream_backup.go. */
function contradicts({ messages, first_seq: first, last_seq: last }: StreamStateJson): boolean {
  if (first === 0) return last !== 0 || messages !== 0;
  if (first > last) return first !== last + 1 || messages !== 0;
  return messages > last - first + 1;
}
