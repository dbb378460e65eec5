import { isSeen, seenOr } from "../unseen.ts";
import type { Check, Finding } from "./finding.ts";

/** Clocks that are further apart make times of messages and ages contradict each other. */
const skewMs = 1_000;

/** D15: requests that pile up. */
export const checkBacklog: Check = {
  id: "D15",
  title: "JetStream API requests that wait",
  needs: ["system-account"],
  examine: ({ later }) => {
    const waiting = later.servers.flatMap(({ name, jetstream }) => {
      const pending = isSeen(jetstream) ? seenOr(jetstream.pendingApi, 0) : 0;
      return pending > 100 ? [`${name}: ${pending} requests`] : [];
    });
    if (isSeen(later.meta) && seenOr(later.meta.pending, 0) > 100) {
      waiting.push(`meta leader: ${seenOr(later.meta.pending, 0)} proposals`);
    }
    if (waiting.length === 0) return [];
    const cure = "Find who asks so much, such as clients that create consumers or ask for information in a loop.";
    return [{ id: "D15", severity: "warning", title: "JetStream API requests pile up.", evidence: waiting, cure }];
  },
};

/** D16: clocks. */
export const checkClocks: Check = {
  id: "D16",
  title: "the servers' clocks",
  needs: ["system-account"],
  examine: ({ later }) => {
    const skews = later.servers.flatMap(({ name, clockSkewMs }) =>
      isSeen(clockSkewMs) ? [{ name, clockSkewMs }] : [],
    );
    const all = skews.map(({ clockSkewMs }) => clockSkewMs);
    // Where all are off alike, it is the clock of this computer.
    if (all.length === 0 || Math.max(...all) - Math.min(...all) < skewMs) return [];
    return [
      {
        id: "D16",
        severity: "warning",
        title: "The clocks of the servers differ.",
        evidence: skews.map(({ name, clockSkewMs }) => `${name}: ${(clockSkewMs / 1000).toFixed(1)} s`),
        cure: "Set up time synchronisation on all servers.",
      },
    ];
  },
};

/** D17: servers that do not answer. */
export const checkAnswers: Check = {
  id: "D17",
  title: "servers that do not answer",
  needs: ["system-account"],
  examine: ({ later }) => {
    const silent = later.servers.filter(({ answers }) => answers === false).map(({ name }) => name);
    const mute = later.servers
      .filter(({ answers, health }) => answers === true && !isSeen(health))
      .map(({ name }) => `${name}: answers, and does not tell its health`);
    const findings: Finding[] = [];
    if (silent.length > 0) {
      const cure = "Start them again with their disks. Remove a server only when it will never come back.";
      findings.push({ id: "D17", severity: "critical", title: "These servers do not answer.", evidence: silent, cure });
    }
    if (mute.length > 0) {
      const cure = "Look whether they are overloaded.";
      findings.push({ id: "D17", severity: "warning", title: "Servers answer in part.", evidence: mute, cure });
    }
    return findings;
  },
};
