import type { ConsumerState } from "../filestore/consumer-state.ts";
import type { ArchivedConsumer, ArchiveProblem } from "./archive-report.ts";

/**
 * States of consumers that cannot be right, or that a restore would stumble over. A state has no checksum, so this is all
 * that tells of a changed byte in it; and a consumer that is ahead of its stream lets new messages pass unseen. Pure.
 */
export function* checkConsumers(
  consumers: readonly ArchivedConsumer[],
  lastSequence: number,
): Iterable<ArchiveProblem> {
  for (const { name, state } of consumers) {
    if (state === undefined) continue;
    const what = contradiction(state);
    if (what !== undefined) {
      const message = `the state of consumer "${name}" contradicts itself: ${what}`;
      yield { code: "consumer-state", severity: "note", entry: name, message };
    } else if (state.delivered.stream > lastSequence) {
      const message = `consumer "${name}" is at ${state.delivered.stream}, ahead of the stream, which ends at ${lastSequence}`;
      yield { code: "consumer-ahead", severity: "note", entry: name, message };
    }
  }
}

function contradiction({ ackFloor, delivered, pending }: ConsumerState): string | undefined {
  if (ackFloor.stream > delivered.stream || ackFloor.consumer > delivered.consumer) {
    return "more is acknowledged than was delivered";
  }
  if (pending.length === 0) return undefined;
  const [lowest, highest] = [pending.stream[0] as number, pending.stream[pending.length - 1] as number];
  if (lowest <= ackFloor.stream) return `${lowest} is pending although all up to ${ackFloor.stream} are acknowledged`;
  if (highest > delivered.stream) return `${highest} is pending, but ${delivered.stream} was delivered last`;
  return undefined;
}
