import { removedAndBack, removedCure } from "../removed-and-back.ts";
import { type Check, finding } from "./finding.ts";

/** D14: servers that were removed and are back under their name, which every version takes in another way, and none safely. */
export const checkReturned: Check = {
  id: "D14",
  title: "removed servers that are back under their name",
  needs: ["ledger", "system-account"],
  examine: ({ later }, { ledger }) => {
    const told = (kind: "removed" | "member-again"): readonly string[] =>
      later.servers.flatMap((server) => {
        const back = removedAndBack(server, later, ledger);
        return back?.kind === kind ? [`${server.name} ${back.text}`] : [];
      });
    return [
      ...finding(
        "D14",
        "critical",
        "These servers were removed for good, and are back under their old names without being members.",
        told("removed"),
        removedCure,
      ),
      ...finding(
        "D14",
        "warning",
        "These servers were removed for good, and were taken in again under their old names.",
        told("member-again"),
        "Their old data is gone. In daylight, replace each by a server with a new server_name and an empty store directory.",
      ),
    ];
  },
};
