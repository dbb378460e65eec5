import { type SequenceRun, sequencesIn, type VerifiedStream } from "../../cluster/verify/verified-stream.ts";
import { groupDigits } from "../../group-digits.ts";

/** One sentence about a stream whose content was read. */
export function describeVerified({ verdict, replicas, content }: Omit<VerifiedStream, "reason">): string {
  const named = (wanted: VerifiedStream["verdict"]): string =>
    replicas
      .filter((replica) => replica.verdict === wanted)
      .map(({ server }) => server)
      .join(", ");
  if (verdict === "damaged") {
    const whole = named("proven");
    const bad = replicas.filter((replica) => replica.verdict === "damaged");
    const parts = bad.map(({ server, unreadable, missing, unlike, counters }) => {
      const facts = [
        unreadable.length > 0 ? `${messages(unreadable)} cannot be read` : "",
        missing.length > 0 ? `lacks ${messages(missing)}` : "",
        unlike.length > 0 ? `differs in ${messages(unlike)}` : "",
        ...counters.map((text) => `it ${text}`),
      ];
      return `${server}: ${facts.filter((fact) => fact !== "").join(", ")}`;
    });
    return `${parts.join("; ")}; ${whole === "" ? "no replica is whole" : `whole on ${whole}`}`;
  }
  if (verdict === "unproven") {
    const why = replicas.find(({ notRead }) => notRead !== null);
    return why ? `${why.server} was not read: ${why.notRead}` : `${named("unproven")} did not come to rest`;
  }
  if (content?.sampled) return "the replicas hold the same where they were read";
  return replicas.length === 1 ? "its one replica was read whole" : `${replicas.length} replicas hold the same`;
}

function messages(runs: readonly SequenceRun[]): string {
  const count = sequencesIn(runs);
  return `${groupDigits(count)} message${count === 1 ? "" : "s"}`;
}
