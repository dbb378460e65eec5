import type { StreamStanding } from "../plan/stream-standing.ts";

/**
 * The one replica that has less than its leader, where every other one that tells has just what the leader has: to replace it costs
 * nothing that the others do not hold. null: several differ, or it has something that the leader has not.
 */
export function lackingReplica({ replicas, leader }: StreamStanding): string | null {
  const led = replicas.find(({ server }) => server === leader);
  if (led === undefined) return null;
  const [odd, ...more] = replicas.filter((one) => {
    const { state, lost } = one;
    const { messages, firstSeq, lastSeq, bytes } = led.state;
    const same =
      state.messages === messages && state.firstSeq === firstSeq && state.lastSeq === lastSeq && state.bytes === bytes;
    return one !== led && (!same || lost > 0);
  });
  if (odd === undefined || more.length > 0 || led.lost > 0) return null;
  return odd.state.lastSeq <= led.state.lastSeq && odd.state.messages <= led.state.messages ? odd.server : null;
}
