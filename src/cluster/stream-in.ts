import type { Sample } from "./picture.ts";
import type { StreamPicture } from "./stream-picture.ts";

/** What a sample shows of one stream; undefined: nothing, or there is no sample. */
export function streamIn(sample: Sample | null, account: string, name: string): StreamPicture | undefined {
  return sample?.accounts.find((one) => one.name === account)?.streams.find((one) => one.name === name);
}
