import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planLines, planOf, stepOf } from "../../testing/check-plan.ts";
import {
  backup,
  before,
  remembered,
  rememberingServer,
  replicated,
  type Situation,
  shortOfN3,
  unanswered,
} from "../../testing/sketch-situation.ts";
import type { Ledger } from "../ledger.ts";

const day = 86_400_000;

/** n3 is dead, and Relight last looked at it three days before; whoever leads the meta group heard it `activeMs` ago. */
const forgotten = (activeMs: number | null, rest: Partial<Situation> = {}): Situation => ({
  servers: ["n1", "n2", "!n3", "n4"],
  offline: ["n3"],
  words: { gone: ["n3"] },
  silentMs: activeMs ?? 25_000,
  server: { n3: { lastSeen: null } },
  streams: [shortOfN3()],
  ledger: rememberingServer("n3", 3 * day, null, { missedAt: before(1_000) }),
  ...rest,
});
const codes = (situation: Situation): readonly string[] =>
  stepOf(situation, "peer-remove:n3").blockers.map(({ code }) => code);

describe("a plan made with an old memory", () => {
  it("CP-15: counts a server's silence from when the meta leader last heard it, however old the ledger is", () => {
    assert.deepEqual(planLines(forgotten(200_000, { words: {} }))[0], "wait:server:n3 waiting safe");
    assert.deepEqual(planLines(forgotten(700_000, { words: {} }))[0], "peer-remove:n3 ready safe");
  });

  it("CP-16: says how old the memory of a server is that is gone, before its removal and in the notes", () => {
    const old = forgotten(30_000, {
      streams: [shortOfN3(), unanswered("ONE")],
      memory: [remembered("ONE", ["n3"], { countersAt: before(3 * day) })],
      backups: [backup("ONE")],
    });
    const said =
      /Relight last saw n3 on 2025-12-29T12:00:00.000Z, up to 3 days before it fell silent: what came to it after that/;
    assert.match(stepOf(old, "peer-remove:n3").evidence[0] ?? "", said);
    assert.ok(
      planOf(old).notes.some((note) => said.test(note)),
      planOf(old).notes.join("\n"),
    );
    assert.deepEqual([stepOf(old, "peer-remove:n3").state, stepOf(old, "peer-remove:n3").safe], ["ready", false]);
    // Where the leader has never heard it, it may have lived until somebody missed it.
    assert.match(stepOf(forgotten(null), "peer-remove:n3").evidence[0] ?? "", /Relight last saw/);
    const never = forgotten(30_000, { ledger: (ledger) => ledger });
    assert.match(stepOf(never, "peer-remove:n3").evidence[0] ?? "", /^Relight never saw n3 alive/);
    const young = forgotten(30_000, { server: {}, ledger: rememberingServer("n3", 60_000, null) });
    assert.ok(!planOf(young).notes.some((note) => /last saw/.test(note)));
  });

  it("CP-17: an R1 that is not where it was remembered may be on the server that is gone", () => {
    const moved = (rest: Partial<Situation> = {}): Situation =>
      forgotten(30_000, {
        streams: [unanswered("ONE")],
        memory: [remembered("ONE", ["n1"])],
        ...rest,
      });
    assert.deepEqual(codes(moved()), ["r1-uncovered"]);
    const covered = moved({ backups: [backup("ONE")], server: {}, ledger: rememberingServer("n3", 60_000, null) });
    assert.deepEqual(planLines(covered), [
      "peer-remove:n3 ready",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE later",
      "restore:APP/ONE later",
    ]);
    const old = moved({
      memory: [remembered("ONE", ["n1"], { countersAt: before(3 * day) })],
      backups: [backup("ONE")],
    });
    assert.match(
      stepOf(old, "restore:APP/ONE").evidence.join(),
      /up to 3 days before its death, and what came in between/,
    );
    // While its home only starts, it is there.
    const starting = { n1: { health: { ok: false, errors: ["JetStream is not current with the meta leader"] } } };
    assert.ok(
      !planLines(moved({ server: { ...starting, n3: { lastSeen: null } } }))
        .join()
        .includes("lost"),
    );
    // So a stream that answers is where it answers from.
    const answers = moved({ streams: [replicated("ONE", ["+n2"], "n2")] });
    assert.deepEqual(codes(answers), []);
  });

  it("CP-26: an account that only an old memory knows may have more than that on the server that is gone", () => {
    const other = remembered("THEIRS", ["n3"], { account: "OTHER" });
    const given = { memory: [other], backups: [backup("THEIRS", 500, { account: "OTHER" })] };
    assert.deepEqual(codes(forgotten(30_000, given)), ["inventory-unseen"]);
    assert.match(
      stepOf(forgotten(30_000, given), "peer-remove:n3").blockers[0]?.text ?? "",
      /account OTHER .* up to 3 days before/,
    );
    assert.deepEqual(codes(forgotten(30_000, { ...given, words: { gone: ["n3"], released: ["OTHER/*"] } })), []);
    const young = (ledger: Ledger): Ledger => rememberingServer("n3", 60_000, null)(ledger);
    assert.deepEqual(codes(forgotten(30_000, { ...given, server: {}, ledger: young })), []);
  });
});
