import { describe, it } from "node:test";
import { checkUnasked, seenLast, type UnaskedRow } from "../../testing/check-unasked.ts";
import { before, remembered, replicated, shortOfN3 } from "../../testing/sketch-situation.ts";
import type { ConsumerPicture } from "../picture.ts";

const consumer = (changes: Partial<ConsumerPicture>): ConsumerPicture => ({
  name: "work",
  durable: true,
  replicas: 3,
  storage: "file",
  ackPolicy: "explicit",
  leader: "n1",
  peers: [],
  delivered: 0,
  ackFloor: 0,
  ackPending: 0,
  ...changes,
});

const rows: readonly UnaskedRow[] = [
  {
    story: "UN-07: nor where a stream on it is below its quorum",
    situation: { streams: [replicated("ORDERS", ["+n1", "xn3"], null)] },
    against: ["step-not-safe", "stream-trouble"],
  },
  {
    story: "UN-07: a plan that begins safely and ends at something that is not is not begun",
    situation: {
      streams: [shortOfN3(), replicated("STUCK", ["+n1", "+n2", "+n4"], null)],
      memory: [
        remembered("ORDERS", ["n1", "n2", "n3"]),
        remembered("STUCK", ["n1", "n2", "n4"], { leaderlessSince: before(60_000) }),
      ],
    },
    against: ["step-not-safe", "stream-trouble"],
  },
  {
    story: "UN-07: nor while any other replica is behind",
    situation: { streams: [shortOfN3(), replicated("BUSY", ["+n1", "~n2", "+n4"], "n1")] },
    against: ["stream-trouble"],
  },
  {
    story: "UN-07: nor where another replica of the stream is behind: it is waited for",
    situation: { streams: [replicated("ORDERS", ["+n1", "~n2", "xn3"], "n1")] },
    against: ["nothing-ready"],
  },
  {
    story: "UN-07: nor where a consumer lives on it alone, though its stream does not",
    situation: {
      streams: [
        replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1", {
          consumers: [
            consumer({ replicas: 1, leader: { unseen: "no-answer" }, peers: { unseen: "no-answer" }, ackFloor: 5 }),
          ],
        }),
      ],
      memory: [
        remembered("ORDERS", ["n1", "n2", "n3"], {
          ...seenLast,
          consumers: [{ name: "work", durable: true, replicas: 1, servers: ["n3"], delivered: 5, ackFloor: 5 }],
        }),
      ],
    },
    against: ["stream-trouble"],
  },
  {
    story:
      "UN-07: up to 2.14 nor where a consumer has fewer replicas than its stream, wherever: a removal may reset it",
    situation: {
      version: "2.14.2",
      streams: [
        replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1", { consumers: [consumer({ replicas: 1, leader: "n1" })] }),
      ],
    },
    against: ["stream-trouble"],
  },
  {
    story: "UN-07: nor where a stream shows less than it held",
    situation: {
      streams: [shortOfN3(), replicated("OLD", ["+n1", "+n2", "+n4"], "n1", { lastSeq: 100 })],
      memory: [remembered("OLD", ["n1", "n2", "n4"])],
    },
    against: ["person", "signs-of-loss"],
  },
];

describe("what may be done unasked while streams are in another trouble", () => {
  for (const row of rows) it(row.story, () => checkUnasked(row));
});
