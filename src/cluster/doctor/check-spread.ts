import { isSeen, seenOr } from "../unseen.ts";
import { allStreams, type Check, streamLabel } from "./finding.ts";

/** Prefixes of tags that name a place which fails as a whole, the narrowest first. */
const places = ["rack:", "az:", "zone:", "region:", "dc:"];

/** D4: replicas that fail together. Only tags tell where a server stands. */
export const checkSpread: Check = {
  id: "D4",
  title: "replicas of one stream in one place",
  needs: ["system-account"],
  examine: ({ later }) => {
    const tags = new Map(later.servers.map(({ name, tags: own }) => [name, seenOr(own, [])]));
    const prefix = places.find((place) => {
      const values = new Set([...tags.values()].flatMap((own) => own.filter((tag) => tag.startsWith(place))));
      return values.size > 1;
    });
    if (prefix === undefined) return [];
    const together = allStreams(later).flatMap((stream) => {
      if (!isSeen(stream.peers) || stream.peers.length < 2) return [];
      const at = stream.peers.map(({ name }) => tags.get(name ?? "")?.find((tag) => tag.startsWith(prefix)));
      const [first] = at;
      return first !== undefined && at.every((place) => place === first)
        ? [`${streamLabel(stream)}: all ${at.length} replicas at ${first}`]
        : [];
    });
    if (together.length === 0) return [];
    return [
      {
        id: "D4",
        severity: "warning",
        title: "All replicas of these streams are in one place, which can fail as a whole.",
        evidence: together,
        cure: `Set jetstream.unique_tag: "${prefix}" on the servers, then move the streams.`,
      },
    ];
  },
};
