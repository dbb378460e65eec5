import { RowFlag } from "../kernels/kernels.ts";
import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import { AgeCount } from "./age-count.ts";
import type { ArchivedConsumer, ArchiveProblem, InspectOptions } from "./archive-report.ts";
import type { EntryBatch, V2Sink } from "./archive-sink.ts";

/** Collects what a v2 archive holds: every message in it is live. */
export class V2Evidence implements V2Sink {
  readonly ages: AgeCount;
  readonly consumers: ArchivedConsumer[] = [];
  readonly problems: ArchiveProblem[] = [];
  readonly live = new SequenceRanges();
  bytes = 0;
  firstTime: bigint | undefined;
  lastTime: bigint | undefined;
  streamState: StreamStateJson | undefined;

  constructor(options: InspectOptions) {
    this.ages = new AgeCount(options);
  }

  state(state: StreamStateJson): void {
    this.streamState = state;
  }

  consumer(consumer: ArchivedConsumer): void {
    this.consumers.push(consumer);
  }

  problem(problem: ArchiveProblem): void {
    this.problems.push(problem);
  }

  messages(batch: EntryBatch): void {
    const { rows, count } = batch;
    const { sequence, flags, nameLength, headerLength, payloadLength, timestamp } = rows;
    let runFirst = sequence[0] as number;
    let last = runFirst - 1;
    let seen = 0;
    for (let row = 0; row < count; row++) {
      const next = sequence[row] as number;
      const headers = headerLength[row] as number;
      seen |= flags[row] as number;
      this.bytes += 30 + (nameLength[row] as number) + headers + (payloadLength[row] as number) + (headers > 0 ? 4 : 0);
      if (next !== last + 1) {
        this.live.appendRun(runFirst, last);
        runFirst = next;
      }
      last = next;
    }
    this.live.appendRun(runFirst, last);
    this.firstTime ??= timestamp[0];
    this.lastTime = timestamp[count - 1];
    if (this.ages.needsAll || (seen & RowFlag.ttl) !== 0) this.#age(batch);
  }

  #age({ rows, count, kernels }: EntryBatch): void {
    const { sequence, timestamp, flags, offset, nameLength, headerLength } = rows;
    for (let row = 0; row < count; row++) {
      const flag = flags[row] as number;
      if (!this.ages.needsAll && (flag & RowFlag.ttl) === 0) continue;
      this.ages.add(sequence[row] as number, timestamp[row] as bigint, flag, () => {
        const at = (offset[row] as number) + (nameLength[row] as number);
        return kernels.bytes.subarray(at, at + (headerLength[row] as number));
      });
    }
  }
}
