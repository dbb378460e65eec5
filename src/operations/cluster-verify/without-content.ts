import { type VerifiedStream, worstOf } from "../../cluster/verify/verified-stream.ts";

const reasons = {
  workqueue: "a work queue takes no further consumer, and without one no replica can be read by itself",
  interest:
    "a consumer would count as interest and change what is kept, and without one no replica can be read by itself",
} as const;

/**
 * What is known of a stream whose content cannot be read safely: its counters, which are judged all the same, and why no more. Pure.
 * `retention`: what keeps it from being read.
 */
export function withoutContent(counted: VerifiedStream, retention: keyof typeof reasons): VerifiedStream {
  const reason = reasons[retention];
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
