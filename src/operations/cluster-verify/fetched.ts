/** What a replica handed out for one request. */
export interface Fetched {
  readonly sequences: number[];
  /** See {@link messageDigest}. */
  readonly digests: number[];
  readonly bytes: number;
  /**
   * How it ended. `full`: as many as were asked for, or as fit. `empty`: the server has no more to give from here on, which does
   * not mean that there is no more. `large`: the next message alone is more than what fits. `gone`: nobody answers. `silent`: nothing
   * came for too long.
   */
  readonly end: "full" | "empty" | "large" | "gone" | "silent";
}
