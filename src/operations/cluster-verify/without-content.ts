import { type VerifiedStream, worstOf } from "../../cluster/verify/verified-stream.ts";

/**
 * What is known of a stream whose content cannot be read safely: its counters, which are judged all the same, and why no more. Pure.
 * `reason`: what keeps it from being read.
 */
export function withoutContent(counted: VerifiedStream, reason: string): VerifiedStream {
  const verdict = worstOf([counted.verdict, "unproven"]);
  const unread = `its content was not read: ${reason}`;
  return {
    ...counted,
    verdict,
    reason: verdict === "damaged" ? `${counted.reason}; ${unread}` : `${counted.reason}, but ${unread}`,
    replicas: counted.replicas.map((replica) => ({
      ...replica,
      verdict: worstOf([replica.verdict, "unproven"]),
      notRead: reason,
    })),
  };
}
