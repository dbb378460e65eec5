import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPicture, sketchSample, sketchServer, sketchStream } from "../testing/sketch-cluster.ts";
import { emptyLedger, type Ledger } from "./ledger.ts";
import { mergeLedger } from "./merge-ledger.ts";
import type { Sample, ServerPicture, StreamPicture } from "./picture.ts";
import { regressions } from "./regressions.ts";

const three = ["n1", "n2", "n3"];
const on = (name: string, server: string, changes: Partial<StreamPicture> = {}): StreamPicture =>
  sketchStream(name, { peers: [`+${server}`], leader: server }, changes);
const [JOB, A, B, C] = [on("JOB", "n2"), on("A", "n1"), on("B", "n2"), on("C", "n3")];
const nothing = { messages: 0, bytes: 0, firstSeq: 0, lastSeq: 0, deleted: 0 };

const look = (
  minute: number,
  streams: readonly StreamPicture[],
  servers: readonly ServerPicture[] | null = null,
): Sample =>
  sketchSample(three, streams, {
    takenAt: `2026-01-01T00:0${minute}:00.000Z`,
    servers: servers ?? three.map((name) => sketchServer(name)),
  });
/** What is remembered after these looks. */
const after = (...looks: readonly Sample[]): Ledger =>
  looks.reduce((ledger, sample) => mergeLedger(ledger, sketchPicture(sample)), emptyLedger);
/** Streams that are missed where they are not there. */
const names = ({ streams }: Ledger): readonly string[] =>
  streams.filter(({ goneOnRequestAt }) => goneOnRequestAt == null).map(({ name }) => name);

describe("a stream that somebody deleted", () => {
  it("LG-10: is forgotten where every server that answers has been running since it was last seen", () => {
    assert.deepEqual(names(after(look(1, [A, B, C, JOB]), look(2, [A, B, C]))), ["A", "B", "C"]);
  });

  it("is missed where a person names it to be restored, and forgotten after a week", () => {
    const gone = look(2, [A, B, C]);
    const ledger = after(look(1, [A, B, C, JOB]), gone);
    assert.deepEqual(regressions(ledger, sketchPicture(gone)), []);
    const [missed] = regressions(ledger, sketchPicture(gone), ["APP/JOB"]);
    assert.deepEqual([missed?.kind, missed?.stream, missed?.certain], ["vanished", "JOB", true]);
    const later = mergeLedger(ledger, sketchPicture({ ...gone, takenAt: "2026-01-08T00:03:00.000Z" }));
    assert.equal(later.streams.length, 3);
  });

  it("begins anew where it was created again", () => {
    const again = on("JOB", "n1", { created: "2026-01-01T00:01:30Z" });
    const [job] = after(look(1, [A, B, C, JOB]), look(2, [again, A, B, C])).streams.filter(
      ({ name }) => name === "JOB",
    );
    assert.deepEqual([job?.created, job?.anew], ["2026-01-01T00:01:30Z", null]);
  });

  it("is remembered where a server was started since: servers lose streams when they start", () => {
    const restarted = three.map((name) => sketchServer(name, name === "n3" ? { id: "ID-n3-anew" } : {}));
    const ledger = after(look(1, [A, B, C, JOB]), look(2, [A, B, C], restarted), look(3, [A, B, C], restarted));
    assert.deepEqual(names(ledger), ["A", "B", "C", "JOB"]);
  });

  it("is remembered, once that was noticed, also after looks at another one of its name", () => {
    const anew = [A, B, C, on("JOB", "n2", { created: "2026-01-01T00:01:30Z" })];
    const restarted = three.map((name) => sketchServer(name, { id: `ID-${name}-anew` }));
    const [job] = after(
      look(1, [A, B, C, JOB]),
      look(2, anew, restarted),
      look(3, anew, restarted),
      look(4, anew, restarted),
    ).streams.filter(({ name }) => name === "JOB");
    assert.deepEqual([job?.created, job?.anew?.created], ["2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"]);
  });

  it("is remembered where no server that had it answers", () => {
    const without = ["n1", "!n2", "n3"].map((name) => sketchServer(name));
    assert.deepEqual(names(after(look(1, [A, C, B, JOB]), look(2, [A, C], without))), ["A", "B", "C", "JOB"]);
  });

  it("is remembered where its account does not list its streams", () => {
    const blind = look(2, [A, B, C]);
    const accounts = blind.accounts.map((one) => ({ ...one, inventory: { unseen: "no-answer" } as const }));
    assert.deepEqual(names(after(look(1, [A, B, C, JOB]), { ...blind, accounts })), ["A", "B", "C", "JOB"]);
  });

  it("is remembered where half of all that held messages went with it: that is no everyday deletion", () => {
    assert.deepEqual(names(after(look(1, [A, B, C, JOB]), look(2, [A, B]))), ["A", "B", "C", "JOB"]);
    const empty = [on("C", "n3", { state: nothing }), on("JOB", "n2", { state: nothing })];
    assert.deepEqual(names(after(look(1, [A, B, ...empty]), look(2, [A, B]))), ["A", "B"]);
  });
});
