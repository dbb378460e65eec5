import { versionAtLeast } from "../stream-info.ts";
import type { BackedUpStream } from "./backed-up-account.ts";

/** What has to become of one stream: restored, or refused before anything is touched, for one of these reasons. */
export type ExpectedOutcome = "restored" | { readonly refused: readonly string[] };

/** The outcome that a restore of a stream from one version to another must have. */
export function expectedOutcome({ name }: BackedUpStream, from: string, to: string): ExpectedOutcome {
  // Its second source transforms subjects, which 2.9 would ignore: it would copy everything.
  const to29 = !versionAtLeast(to, "2.10.0") && versionAtLeast(from, "2.10.0");
  return to29 && name === "SOURCED" ? { refused: ["source-fields"] } : "restored";
}
