import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../../errors.ts";
import type { Picture, Sample } from "../picture.ts";
import { type ObserveOptions, observeCluster } from "./observe-cluster.ts";

export interface TakePictureOptions extends Omit<ObserveOptions, "earlier"> {
  /**
   * From the first look to the second, in ms; 0: one look only. Default 12000: a leader misses a follower after 10 s, so that
   * what both looks say alike is no leftover of the time before.
   */
  readonly gapMs?: number | undefined;
  /** Says that the first look is enough. The picture then has one sample only, and nothing may act on it. */
  readonly enough?: ((first: Sample) => boolean) | undefined;
  /** Called when the first look is done and the wait begins. */
  readonly onWait?: ((ms: number) => void) | undefined;
}

export const defaultGapMs = 12_000;

/** Looks at a cluster twice. Throws CANCELLED only. */
export async function takePicture({
  gapMs = defaultGapMs,
  enough,
  onWait,
  ...options
}: TakePictureOptions): Promise<Picture> {
  const start = Date.now();
  const first = await observeCluster(options);
  const format = { format: "relight-cluster-picture", formatVersion: 1 } as const;
  if (gapMs === 0 || enough?.(first)) return { ...format, earlier: null, later: first };
  const wait = Math.max(0, gapMs - (Date.now() - start));
  onWait?.(wait);
  try {
    await sleep(wait, undefined, options.signal ? { signal: options.signal } : {});
  } catch (error) {
    throw new RelightError("CANCELLED", "looking at the cluster was cancelled", { cause: error });
  }
  return { ...format, earlier: first, later: await observeCluster({ ...options, earlier: first }) };
}
