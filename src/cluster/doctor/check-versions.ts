import { isSeen } from "../unseen.ts";
import { versionHazards } from "../version-hazards.ts";
import type { Check } from "./finding.ts";

/** D13: known faults of the servers' versions that matter for what they hold. */
export const checkVersions: Check = {
  id: "D13",
  title: "known faults of the servers' versions",
  needs: ["system-account"],
  examine: ({ later }) => {
    const seen = later.servers.flatMap(({ name, version }) => (isSeen(version) ? [{ name, version }] : []));
    return versionHazards(seen.map(({ version }) => version)).map(({ text, cure }) => ({
      id: "D13",
      severity: "warning",
      title: `${text}.`,
      evidence: seen.map(({ name, version }) => `${name}: ${version}`),
      cure,
    }));
  },
};
