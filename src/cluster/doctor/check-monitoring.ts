import type { Check } from "./finding.ts";

/** D18: the monitoring port knows no passwords. */
export const checkMonitoring: Check = {
  id: "D18",
  title: "monitoring ports that are open to all",
  needs: ["monitoring"],
  examine: (_, { monitoring = [] }) => {
    const open = monitoring.filter(({ host }) => !/^(?:127\.|localhost$|::1$|\[::1\]$)/.test(host));
    if (open.length === 0) return [];
    return [
      {
        id: "D18",
        severity: "info",
        title: "The monitoring port of these servers listens beyond the machine, and asks nobody who he is.",
        evidence: open.map(({ server, host, port }) => `${server}: ${host}:${port}`),
        cure: "See that only who may know accounts, streams and clients can reach it, or listen on 127.0.0.1.",
      },
    ];
  },
};
