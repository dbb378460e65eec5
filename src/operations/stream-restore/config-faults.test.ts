import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LocalServer } from "../../local/local-server.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { configFaults } from "./config-faults.ts";

const s = 1e9;
const mirror = { mirror: { name: "X" }, subjects: undefined };

/** Configurations that servers of some version refuse, and others beside them that they take. */
const cases: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "duplicate_window beyond max_age": { max_age: 10 * s, duplicate_window: 20 * s },
  "duplicate_window of max_age": { max_age: 10 * s, duplicate_window: 10 * s },
  "duplicate_window without max_age": { duplicate_window: 20 * s },
  "no duplicate_window": { max_age: s },
  "a short max_age": { max_age: 5e7 },
  "a short duplicate_window": { duplicate_window: 5e7 },
  "roll-ups without purge": { allow_rollup_hdrs: true, deny_purge: true },
  "no purge": { deny_delete: true, deny_purge: true },
  "discard_new_per_subject, discarding the oldest": { discard_new_per_subject: true, max_msgs_per_subject: 1 },
  "discard_new_per_subject without a number": { discard_new_per_subject: true, discard: "new" },
  discard_new_per_subject: { discard_new_per_subject: true, discard: "new", max_msgs_per_subject: 1 },
  "a long description": { description: "ä".repeat(2100) },
  "a description": { description: "ä".repeat(2000) },
  "much metadata": { metadata: { a: "x".repeat(140_000) } },
  metadata: { metadata: { a: "x".repeat(100_000) } },
  "all subjects": { subjects: [">"] },
  "all subjects without acks": { subjects: [">"], no_ack: true },
  "all subjects of two tokens": { subjects: ["*.*"] },
  "all subjects of one token": { subjects: ["*"] },
  "wildcards first": { subjects: ["*.API.>"] },
  "the API's subjects": { subjects: ["$JS.ACK.>"] },
  "the API's advisories": { subjects: ["$JS.EVENT.>"] },
  "the raft layer's subjects": { subjects: ["$NRG.>"] },
  "the system's subjects": { subjects: ["$SYS.>"] },
  "the accounts' events": { subjects: ["$SYS.ACCOUNT.*.CONNECT"] },
  "a bucket's subjects": { subjects: ["$KV.b.>"] },
  "subjects that overlap": { subjects: ["a.*", "a.b"] },
  "a subject twice": { subjects: ["a.b", "a.b"] },
  "an empty token": { subjects: ["a..b"] },
  "six replicas": { num_replicas: 6 },
  "five replicas": { num_replicas: 5 },
  "a mirror": mirror,
  "a mirror with subjects": { ...mirror, subjects: ["a"] },
  "a mirror with sources": { ...mirror, sources: [{ name: "Y" }] },
  "a mirror with first_seq": { ...mirror, first_seq: 5 },
  "a mirror that is a queue": { ...mirror, retention: "workqueue" },
  "a mirror with TTLs": { ...mirror, allow_msg_ttl: true },
  "a mirror with markers": { ...mirror, allow_msg_ttl: true, subject_delete_marker_ttl: s },
  "a mirror with counters": { ...mirror, allow_msg_counter: true },
  "a mirror with atomic batches": { ...mirror, allow_atomic: true },
  "a mirror with schedules": { ...mirror, allow_msg_schedules: true },
  "a mirror with batches": { ...mirror, allow_batched: true },
  "sources with schedules": { sources: [{ name: "Y" }], allow_msg_schedules: true },
  "short markers": { allow_msg_ttl: true, subject_delete_marker_ttl: 1e8 },
  markers: { allow_msg_ttl: true, subject_delete_marker_ttl: s },
  "counters with TTLs": { allow_msg_counter: true, allow_msg_ttl: true },
  "counters that discard new ones": { allow_msg_counter: true, discard: "new" },
  "counters in a queue": { allow_msg_counter: true, retention: "workqueue" },
  "counters with schedules": { allow_msg_counter: true, allow_msg_schedules: true },
  counters: { allow_msg_counter: true },
  "async, three replicas": { persist_mode: "async", num_replicas: 3 },
  "async in memory": { persist_mode: "async", storage: "memory" },
  "async with atomic batches": { persist_mode: "async", allow_atomic: true },
  async: { persist_mode: "async" },
  sealed: { sealed: true },
};

// A server waits some seconds for restores of which nothing came before it stops.
describe("whether a server refuses a configuration", { concurrency: 5 }, () => {
  for (const version of ["2.9", "2.10", "2.12", "2.14", "2.15"]) {
    it(`is known before nats-server ${version} is asked`, async () => {
      await using server = await LocalServer.start({ version });
      await using session = await openTestSession(server.url);
      const { api } = session;
      for (const [index, [title, change]] of Object.entries(cases).entries()) {
        const name = `S${index}`;
        const config = { name, subjects: [`${name}.>`], storage: "file", retention: "limits", ...change } as never;
        // It answers before it gets a byte, and forgets a restore of which none comes.
        const answer = await api.request(`STREAM.RESTORE.${name}`, { config, state: {} }).then(
          () => "",
          (error: Error) => error.message,
        );
        // Fields that a version does not know are left out before: strict servers refuse those.
        if (answer.includes("unknown field")) continue;
        const faults = configFaults(config, api.serverVersion).map(({ text }) => text);
        assert.equal(faults.length > 0, answer !== "", `${title}: ${faults.join("; ")} / ${answer}`);
      }
    });
  }
});
