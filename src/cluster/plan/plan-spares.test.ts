import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf } from "../../testing/check-plan.ts";
import {
  backup,
  remembered,
  rememberingServer,
  type Situation,
  shortOfN3,
  unanswered,
} from "../../testing/sketch-situation.ts";
import type { StreamPicture, StreamSettings } from "../picture.ts";
import type { PlanStep } from "./cluster-plan.ts";

const added = (situation: Situation): PlanStep | undefined =>
  planOf(situation).steps.find(({ kind }) => kind === "add-node");

function settingsOf({ config }: StreamPicture): StreamSettings {
  return "replicas" in config ? config : assert.fail("its configuration is not seen");
}

describe("whether fewer replicas are proposed where a server is missing", () => {
  const dead: Situation = { servers: ["n1", "n2", "!n3"], offline: ["n3"], words: { gone: ["n3"] } };
  const placement = { tags: ["fast"] };
  const one = { ...settingsOf(shortOfN3()), placement, replicas: 1 };
  /** The only copy of ONE was on n3, and no living server may have it. */
  const lost: Situation = {
    ...dead,
    streams: [{ ...unanswered("ONE"), config: one }],
    memory: [remembered("ONE", ["n3"])],
    backups: [backup("ONE", 500, { settings: one })],
    ledger: rememberingServer("n3", 25_000, null),
  };
  const tagged = { ...shortOfN3(), config: { ...settingsOf(shortOfN3()), placement } };

  it("CP-22: where a stream goes on with those that it has", () => {
    const short = added({ ...dead, streams: [shortOfN3()] });
    assert.equal(short?.arguments.fewerWillDo, true);
    assert.match(short?.why ?? "", /, or accept fewer replicas\.$/);
    const accepted = { ...dead, words: { gone: ["n3"], withoutSpare: true } };
    assert.equal(added({ ...accepted, streams: [shortOfN3()] }), undefined);
  });

  it("CP-22: not where it has none, and has to be somewhere", () => {
    assert.equal(added(lost)?.arguments.fewerWillDo, false);
    assert.match(
      added(lost)?.why ?? "",
      /Add one; or delete by hand what is left of it, and restore it elsewhere: relight stream restore .*--tag/,
    );
    const accepted = { ...lost, words: { gone: ["n3"], withoutSpare: true } };
    assert.deepEqual(added(accepted)?.why, added(lost)?.why);
  });

  it("CP-22: where both need the same server, for the one that it helps", () => {
    const both = added({ ...lost, streams: [tagged, ...(lost.streams ?? [])] });
    assert.equal(both?.arguments.fewerWillDo, true);
    assert.match(both?.why ?? "", /, or accept fewer replicas of APP\/ORDERS\.$/);
  });
});
