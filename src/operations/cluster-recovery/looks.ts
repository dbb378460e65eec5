import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { observeCluster } from "../../cluster/observe/observe-cluster.ts";
import { defaultGapMs } from "../../cluster/observe/take-picture.ts";
import type { Picture, Sample } from "../../cluster/picture.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

/**
 * How far apart two samples must be right after a change that the meta leader committed, in ms. The usual 12 s are there because a
 * leader that was cut off claims to lead for longer than a leader takes to miss a follower. One whose commit was just seen was
 * not cut off: it heard from a quorum then, and what was in flight before has settled within this time.
 */
export const committedGapMs = 2_000;

export interface LooksOptions {
  readonly account: JetStreamApi | undefined;
  /** undefined: the account's own streams only are seen. */
  readonly system: NatsConnection | undefined;
  readonly earlier: Sample | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onWait: (ms: number) => void;
}

/** The looks at a cluster that a recovery takes, one after the other; every one is the fresh half of a picture, and later the older. */
export class Looks {
  readonly #options: LooksOptions;
  #samples: readonly Sample[];

  constructor(options: LooksOptions) {
    this.#options = options;
    this.#samples = options.earlier ? [options.earlier] : [];
  }

  /** The last one that was taken; undefined: none was. */
  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** Looks once. Throws CANCELLED, or what the signal says. */
  async look(): Promise<Sample> {
    const { account, system, signal } = this.#options;
    const earlier = this.last;
    const sample = await observeCluster({ account, system, earlier, brief: earlier !== undefined, signal });
    this.#add(sample);
    return sample;
  }

  /**
   * A fresh sample beside one that was taken `gapMs` before or earlier; waits where there is none yet. The older one is no older
   * than that needs: what it says may have changed on purpose since.
   */
  async picture(gapMs = defaultGapMs): Promise<Picture> {
    const first = this.#samples[0] ?? (await this.look());
    const wait = Date.parse(first.takenAt) + gapMs - Date.now();
    if (wait > 0) {
      this.#options.onWait(wait);
      await sleep(wait, undefined, this.#options.signal ? { signal: this.#options.signal } : {});
    }
    const later = await this.look();
    const at = Date.parse(later.takenAt);
    const earlier = this.#samples.findLast(({ takenAt }) => Date.parse(takenAt) <= at - gapMs) ?? null;
    return { format: "relight-cluster-picture", formatVersion: 1, earlier, later };
  }

  #add(sample: Sample): void {
    // One that is old enough for any picture is enough; the rest would only fill the memory.
    const old = this.#samples.findLastIndex(
      ({ takenAt }) => Date.parse(takenAt) <= Date.parse(sample.takenAt) - defaultGapMs,
    );
    this.#samples = [...this.#samples.slice(Math.max(0, old)), sample];
  }
}
