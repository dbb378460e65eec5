import { isSeen } from "../unseen.ts";
import type { Check } from "./finding.ts";

/** D3: what a power cut takes that was acknowledged. A killed process loses nothing, as the system writes for it. */
export const checkDurability: Check = {
  id: "D3",
  title: "how long acknowledged messages are in memory only",
  needs: ["system-account"],
  examine: ({ later }) => {
    const lazy = later.servers.flatMap(({ name, jetstream }) => {
      if (!isSeen(jetstream) || !jetstream.enabled || !isSeen(jetstream.syncIntervalMs)) return [];
      const seconds = jetstream.syncIntervalMs / 1000;
      return seconds > 0 ? [`${name}: synced every ${seconds} s`] : [];
    });
    if (lazy.length === 0) return [];
    return [
      {
        id: "D3",
        severity: "info",
        title: "A power cut that takes all replicas of a stream at once loses messages that were acknowledged.",
        evidence: lazy,
        cure: "Spread the replicas over places that do not fail together, or set sync_interval: always where that is too much.",
      },
    ];
  },
};
