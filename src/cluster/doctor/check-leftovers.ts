import { originOf } from "../../jetstream/restore-leftovers.ts";
import { allStreams, type Check, streamLabel } from "./finding.ts";

/** D19: what a killed restore of a stream in memory leaves, which nobody uses and which takes room. */
export const checkLeftovers: Check = {
  id: "D19",
  title: "streams that a killed restore left",
  needs: [],
  examine: ({ later }) => {
    const left = allStreams(later).filter(
      ({ name, answer }) => answer.kind !== "not-found" && originOf(name) !== undefined,
    );
    if (left.length === 0) return [];
    return [
      {
        id: "D19",
        severity: "warning",
        title:
          "These streams are what restores copied from; unless one runs now, it was killed, and its stream is half-made.",
        evidence: left.map((stream) => `${streamLabel(stream)}, for ${originOf(stream.name)?.stream}`),
        cure: "Once no restore runs: nats stream rm NAME --force, for each; and restore the streams that they were for again.",
      },
    ];
  },
};
