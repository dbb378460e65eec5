import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import type { Refusal, RestorePlan, RestoreTarget } from "./restore-plan.ts";

/** Gaps beyond this make a server that rebuilds its duplicate window from a v1 archive walk through them one by one. */
const largestGapForV1 = 1_000_000;

/** Missing sequences that are written out one by one behind the last message, and no more: see formats/archive/v1-writer.ts. */
const writtenOut = 1024;

/** The quickest way that is right. Pure. */
export function chooseRoute(facts: ArchiveFacts, config: StreamConfig, target: RestoreTarget): RestorePlan["route"] {
  const rules = versionRules(target.version);
  // How far a stream has come in its sources can be said in a v1 archive only: see formats/archive/source-progress.ts.
  const saysProgress = rules.remembersOrigins && (config.sources?.length ?? 0) > 0;
  if (facts.format === "v1") {
    // The stream's name is in every checksum.
    if (facts.inside && facts.inside.name !== config.name) return "as-v1";
    // 2.9 reads neither tombstones nor `index.db`: what is dead in there would come back.
    if (!rules.readsDeletes && (facts.resurrects > 0 || facts.lastSequenceBefore210 < facts.streamLastSequence))
      return "as-v1";
    // Nor does it find the last sequence of an empty stream in a record.
    if (!rules.readsDeletes && facts.messages === 0 && facts.streamLastSequence > 0) return "as-v1";
    if (saysProgress) return "as-v1";
    if (facts.trailingZeros && rules.failsOnTrailingBytes) return "as-v1";
    // The index of 2.9 is the only one that 2.9 reads. Others keep an index that came with an archive only when it is of
    // their own version or an older one, and their files are not encrypted, which nobody can see from here.
    return facts.needsIndex && rules.readsDeletes ? "as-v1" : "as-is";
  }
  if (!rules.accepts.includes("v2")) return "as-v1";
  // In a cluster the creation time is not taken over, and v2 is what the servers pass on among themselves.
  const fits = config.storage !== "memory" && (!target.clustered || saysProgress);
  return fits && facts.largestGap <= largestGapForV1 ? "as-v1" : "as-is";
}

/**
 * Where sequences would begin again: 2.9 does not read what marks the last one of a stream, but in a block with messages.
 * Undefined where they do not. Pure.
 */
export function sequencesRestart(facts: ArchiveFacts, target: RestoreTarget): Refusal | undefined {
  if (versionRules(target.version).readsDeletes) return undefined;
  const { messages, lastSequence, streamLastSequence, lastSequenceBefore210, format, resurrects } = facts;
  const asIs = format === "v1" && resurrects === 0 && lastSequenceBefore210 >= streamLastSequence;
  // Of an empty stream it reads an index that says so.
  const written = messages === 0 || streamLastSequence - lastSequence <= writtenOut;
  if (asIs || written) return undefined;
  return {
    code: "sequences-restart",
    text:
      `nats-server ${target.version.text} does not read where newer servers note a purge: sequences would begin again at ` +
      `${lastSequence + 1}, and not at ${streamLastSequence + 1}`,
    cure: "Restore to a server of version 2.10 or newer.",
  };
}
