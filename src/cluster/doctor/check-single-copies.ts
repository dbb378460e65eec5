import { isSeen } from "../unseen.ts";
import { allStreams, type Check, type Finding, streamLabel } from "./finding.ts";

/** D1: streams that one lost server takes away, or stops. */
export const checkSingleCopies: Check = {
  id: "D1",
  title: "streams with one copy, and with an even number of them",
  needs: [],
  examine: ({ later }) => {
    const configs = allStreams(later).flatMap((stream) => {
      return isSeen(stream.config) ? [{ label: streamLabel(stream), ...stream.config }] : [];
    });
    const memory = configs.filter(({ replicas, storage }) => replicas === 1 && storage === "memory");
    const single = configs.filter(({ replicas, storage }) => replicas === 1 && storage === "file");
    const even = configs.filter(({ replicas }) => replicas % 2 === 0);
    const findings: Finding[] = [];
    if (single.length > 0) {
      findings.push({
        id: "D1",
        // A choice, as long as there are backups, of which a picture knows nothing.
        severity: "info",
        title: "These streams have one copy: with its server's disk it is gone, and removing its server empties it.",
        evidence: single.map(({ label }) => label),
        cure: "Back them up on a schedule, or give those that matter three replicas.",
      });
    }
    if (memory.length > 0) {
      findings.push({
        id: "D1",
        severity: "warning",
        title: "These streams are in the memory of one server: a restart empties them.",
        evidence: memory.map(({ label }) => label),
        cure: "Store them in files, or make sure that nobody misses what they hold.",
      });
    }
    if (even.length > 0) {
      findings.push({
        id: "D1",
        severity: "warning",
        title: "These streams have an even number of replicas: one more copy, and not one more server that may fail.",
        evidence: even.map(({ label, replicas }) => `${label}: R${replicas}`),
        cure: "Scale them to an odd number. R2 stops taking messages as soon as one of its servers is down.",
      });
    }
    return findings;
  },
};
