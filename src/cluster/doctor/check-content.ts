import type { VerifiedStream } from "../verify/verified-stream.ts";
import { type Check, finding } from "./finding.ts";

/** D11: what only reading every replica shows. */
export const checkContent: Check = {
  id: "D11",
  title: "the content of the replicas",
  needs: ["content"],
  examine: (_, { verified = [] }) => {
    const told = (verdict: VerifiedStream["verdict"]): string[] =>
      verified
        .filter((one) => one.verdict === verdict)
        .map(({ account, stream, reason }) => `${account} > ${stream}: ${reason}`);
    return [
      ...finding(
        "D11",
        "critical",
        "Replicas of these streams cannot be read, or hold something else than the others.",
        told("damaged"),
        "Read all of them, and do what it says: relight cluster verify --deep.",
      ),
      // That they are well is not known either.
      ...finding(
        "D11",
        "info",
        "The content of these streams was not proven.",
        told("unproven"),
        "A backup reads and proves its leader's copy: relight stream backup.",
      ),
    ];
  },
};
