import { versionAtLeast } from "../stream-info.ts";
import type { BackedUpStream } from "./backed-up-account.ts";

/** What has to become of one stream: restored, or refused before anything is touched, for one of these reasons. */
export type ExpectedOutcome = "restored" | { readonly refused: readonly string[] };

/** Streams whose archive of 2.10 to 2.14 keeps deleted messages, or notes of a purge, where 2.9 does not look. */
const not29 = [
  ..."PURGED PURGED_SEQUENCE PURGED_SUBJECT PURGED_KEEP PURGED_SUBJECT_KEEP GAPS_MARKED GAPS_MIXED GAPS_EMPTIED".split(
    " ",
  ),
  ..."PERSUBJECT MAXMSGS MAXBYTES FIRSTSEQ_EMPTY KV_config OBJ_files WORK INTEREST COMPRESSED BLOCKS".split(" "),
  ..."TTL MARKERS COUNTERS".split(" "),
];

/** The outcome that a restore of a stream from one version to another must have. */
export function expectedOutcome({ name, format }: BackedUpStream, from: string, to: string): ExpectedOutcome {
  // Streams in memory are published anew there, or copied by the server.
  if (name === "MEMORY") return "restored";
  if (format === "v2" && !versionAtLeast(to, "2.15.0")) return { refused: ["archive-format"] };
  const to29 = !versionAtLeast(to, "2.10.0");
  if (to29 && versionAtLeast(from, "2.10.0")) {
    if (not29.includes(name)) return { refused: ["deleted-messages-return", "sequences-restart"] };
    // Its second source transforms subjects, which 2.9 would ignore: it would copy everything.
    if (name === "SOURCED") return { refused: ["source-fields"] };
  }
  return "restored";
}
