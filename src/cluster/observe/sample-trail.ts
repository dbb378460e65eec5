import type { Picture, Sample } from "../picture.ts";
import { defaultGapMs } from "./take-picture.ts";

/** The samples that were taken one after the other; as many as the older half of a picture may still be one of. */
export class SampleTrail {
  #samples: readonly Sample[] = [];

  get first(): Sample | undefined {
    return this.#samples[0];
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  add(sample: Sample): void {
    // One that is old enough for any picture is enough; the rest would only fill the memory.
    const old = this.#samples.findLastIndex(
      ({ takenAt }) => Date.parse(takenAt) <= Date.parse(sample.takenAt) - defaultGapMs,
    );
    this.#samples = [...this.#samples.slice(Math.max(0, old)), sample];
  }

  /** A sample beside the youngest one that was taken `gapMs` before it or earlier. */
  picture(later: Sample, gapMs = defaultGapMs): Picture {
    const at = Date.parse(later.takenAt);
    const earlier = this.#samples.findLast(({ takenAt }) => Date.parse(takenAt) <= at - gapMs) ?? null;
    return { format: "relight-cluster-picture", formatVersion: 1, earlier, later };
  }

  /** What was seen so far is no earlier half of anything any more. */
  clear(): void {
    this.#samples = [];
  }
}
