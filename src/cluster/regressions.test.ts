import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { consumer } from "../testing/sketch-health.ts";
import { remembered, replicated, type Situation, sketchRequest, unanswered } from "../testing/sketch-situation.ts";
import { type Regression, regressions } from "./regressions.ts";
import { isSeen } from "./unseen.ts";

const three = ["n1", "n2", "n3"];
const found = (situation: Situation): readonly Regression[] => {
  const { ledger, picture } = sketchRequest(situation);
  return regressions(ledger, picture);
};
const kinds = (situation: Situation): string[] => found(situation).map(({ kind, certain }) => `${kind} ${certain}`);
const memory = [remembered("ONE", ["n3"])];

describe("signs that something was lost", () => {
  it("RG-01, F49: an R1 stream that was re-created empty, with the creation time that it had", () => {
    const streams = [replicated("ONE", ["+n1"], "n1", { lastSeq: 0 })];
    assert.deepEqual(kinds({ servers: three, memory, streams }), ["emptied true"]);
    assert.match(found({ servers: three, memory, streams })[0]?.text ?? "", /up to 500 .* empty now/);
  });

  it("RG-02: a last sequence that went back, another creation time, and a stream that is not known any more", () => {
    const cases = [
      [replicated("ONE", ["+n1"], "n1", { lastSeq: 499 }), "went-back true"],
      [replicated("ONE", ["+n1"], "n1", { created: "2026-01-01T11:00:00Z" }), "recreated true"],
      [undefined, "vanished true"],
    ] as const;
    for (const [stream, kind] of cases) {
      assert.deepEqual(kinds({ servers: three, memory, streams: stream ? [stream] : [] }), [kind]);
    }
  });

  it("RG-02: says of one that was created anew whether it has no less than the old one, as a restore by hand leaves it", () => {
    const anew = (lastSeq: number): string => {
      const stream = replicated("ONE", ["+n1"], "n1", { created: "2026-01-01T11:00:00Z", lastSeq });
      return found({ servers: three, memory, streams: [stream] })[0]?.text ?? "";
    };
    assert.match(
      anew(500),
      /was created anew on .*; it has as many messages, and ends no earlier: as a restore by hand leaves it$/,
    );
    assert.match(anew(499), /was created anew on [^;]*$/);
  });

  it("RG-03: nothing is inferred without a leader, from one sample, or while a replica holds more", () => {
    const empty = replicated("ONE", ["+n1"], "n1", { lastSeq: 0 });
    assert.deepEqual(kinds({ servers: three, memory, streams: [unanswered("ONE")] }), []);
    assert.deepEqual(kinds({ servers: three, memory, streams: [empty], earlier: () => null }), ["emptied false"]);
    const state = { messages: 500, bytes: 1, firstSeq: 1, lastSeq: 500, deleted: 0 };
    const fuller = { ...empty, replicas: [{ server: "n2", state, lost: 0, leader: "n1" }] };
    assert.deepEqual(kinds({ servers: three, memory, streams: [fuller] }), ["emptied false"]);
    const passing = kinds({
      servers: three,
      memory,
      streams: [empty],
      earlier: (sample) => ({
        ...sample,
        accounts: sample.accounts.map((account) => ({ ...account, streams: [replicated("ONE", ["+n1"], "n1")] })),
      }),
    });
    assert.deepEqual(passing, ["emptied false"]);
  });

  it("RG-04: a stream is gone only by an inventory that is complete", () => {
    const blind: Situation["later"] = (sample) => ({
      ...sample,
      accounts: sample.accounts.map((account) => ({ ...account, inventory: { unseen: "no-answer" } as const })),
    });
    assert.deepEqual(kinds({ servers: three, memory, later: blind }), []);
  });

  it("RG-05: a consumer whose acknowledgements went back", () => {
    const consumers = [{ name: "work", durable: true, replicas: 1, servers: ["n1"], delivered: 90, ackFloor: 80 }];
    const stream = replicated("ONE", ["+n1"], "n1");
    const seen = { ...consumer, name: "work", delivered: 10, ackFloor: 0 };
    const signs = found({
      servers: three,
      memory: [remembered("ONE", ["n1"], { consumers })],
      streams: [{ ...stream, consumers: [seen] }],
    });
    assert.deepEqual(
      signs.map(({ kind, consumer, certain }) => [kind, consumer, certain]),
      [["consumer-reset", "work", true]],
    );
  });

  it("RG-06: a purge is no loss: sequences go on", () => {
    const state = { messages: 0, bytes: 0, firstSeq: 501, lastSeq: 500, deleted: 0 };
    const stream = { ...replicated("ONE", ["+n1"], "n1"), state };
    assert.ok(isSeen(stream.state));
    assert.deepEqual(kinds({ servers: three, memory, streams: [stream] }), []);
  });
});
