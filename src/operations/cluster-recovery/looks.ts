import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { observeCluster } from "../../cluster/observe/observe-cluster.ts";
import { SampleTrail } from "../../cluster/observe/sample-trail.ts";
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
  /** Further accounts. */
  readonly others?: readonly JetStreamApi[] | undefined;
  /** undefined: the account's own streams only are seen. */
  readonly system: NatsConnection | undefined;
  readonly earlier: Sample | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onWait: (ms: number) => void;
}

/** The looks at a cluster that a recovery takes, one after the other; every one is the fresh half of a picture, and later the older. */
export class Looks {
  readonly #options: LooksOptions;
  readonly #trail = new SampleTrail();
  /** The look that is being taken, and the one that begins when it ends. */
  #running: Promise<Sample> | undefined;
  #next: Promise<Sample> | undefined;

  constructor(options: LooksOptions) {
    this.#options = options;
    if (options.earlier) this.#trail.add(options.earlier);
  }

  /** The last one that was taken; undefined: none was. */
  get last(): Sample | undefined {
    return this.#trail.last;
  }

  /**
   * Looks once; what is asked for while a look is under way is the one after it, for all who ask. Throws CANCELLED, or what the signal
   * says.
   */
  look(): Promise<Sample> {
    if (this.#running === undefined) return this.#begin();
    const begin = (): Promise<Sample> => {
      this.#next = undefined;
      return this.#begin();
    };
    this.#next ??= this.#running.then(begin, begin);
    return this.#next;
  }

  #begin(): Promise<Sample> {
    const running = this.#once().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #once(): Promise<Sample> {
    const { account, others, system, signal } = this.#options;
    const earlier = this.last;
    const sample = await observeCluster({ account, others, system, earlier, brief: earlier !== undefined, signal });
    this.#trail.add(sample);
    return sample;
  }

  /**
   * A fresh sample beside one that was taken `gapMs` before or earlier; waits where there is none yet. The older one is no older
   * than that needs: what it says may have changed on purpose since.
   */
  async picture(gapMs = defaultGapMs): Promise<Picture> {
    const first = this.#trail.first ?? (await this.look());
    const wait = Date.parse(first.takenAt) + gapMs - Date.now();
    if (wait > 0) {
      this.#options.onWait(wait);
      await sleep(wait, undefined, this.#options.signal ? { signal: this.#options.signal } : {});
    }
    return this.#trail.picture(await this.look(), gapMs);
  }
}
