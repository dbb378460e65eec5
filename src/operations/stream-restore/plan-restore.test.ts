import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { AccountInfo, StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import { planRestore } from "./plan-restore.ts";
import type { RestorePlan, RestoreSource, RestoreTarget, RestoreWishes } from "./restore-plan.ts";

const facts: ArchiveFacts = {
  format: "v1",
  decodedBytes: 1_000_000,
  messages: 100,
  firstSequence: 1,
  lastSequence: 100,
  firstTime: "2026-01-01T00:00:00.000000000Z",
  lastTime: "2026-01-02T00:00:00.000000000Z",
  streamLastSequence: 100,
  largestGap: 0,
  ttlMessages: 0,
  resurrects: 0,
  lastSequenceBefore210: 100,
  needsIndex: false,
  indexMatches: true,
  trailingZeros: false,
  acknowledged: 0,
  samples: [1, 100],
  consumers: [],
};
const config: StreamConfig = { name: "ORDERS", subjects: ["orders.>"], storage: "file", num_replicas: 1 };
const account: AccountInfo = {
  memory: 0,
  storage: 0,
  streams: 0,
  consumers: 0,
  limits: { max_memory: -1, max_storage: -1, max_streams: -1, max_consumers: -1 },
};

function version(text: string): ServerVersion {
  const parsed = parseServerVersion(text);
  assert.ok(parsed);
  return parsed;
}

function plan(change: {
  readonly source?: Partial<RestoreSource>;
  readonly facts?: Partial<ArchiveFacts>;
  readonly config?: Partial<StreamConfig>;
  readonly target?: Partial<RestoreTarget>;
  readonly wishes?: Partial<RestoreWishes>;
  readonly version?: string;
}): RestorePlan {
  return planRestore(
    {
      config: { ...config, ...change.config },
      facts: { ...facts, ...change.facts },
      expired: 0,
      ...change.source,
    },
    {
      version: version(change.version ?? "2.14.6"),
      clustered: false,
      account,
      streams: [],
      missing: [],
      maxPayload: 1_048_576,
      ...change.target,
    },
    { ifExists: "fail", ...change.wishes },
  );
}

const stream = (name: string, subjects: readonly string[]): StreamInfo => ({
  config: { name, subjects },
  created: "2026-01-01T00:00:00Z",
  state: {
    messages: 1,
    bytes: 500_000,
    first_seq: 1,
    first_ts: "",
    last_seq: 1,
    last_ts: "",
    consumer_count: 0,
  },
});

/** Codes of the refusals; none means that the restore would go on. */
function refused(change: Parameters<typeof plan>[0]): string[] {
  const made = plan(change);
  assert.equal(made.action === "refuse", made.refusals.length > 0);
  for (const { cure } of made.refusals) assert.ok(cure.length > 0);
  return made.refusals.map(({ code }) => code);
}

describe("the plan of a restore", () => {
  it("creates the stream where nothing stands in the way", () => {
    const made = plan({});
    assert.equal(made.action, "create");
    assert.deepEqual(made.changes, []);
    assert.equal(made.expected.atLeast, 100);
    assert.equal(made.route, "as-is");
  });

  it("treats an existing stream as it is told to", () => {
    const streams = [stream("ORDERS", ["orders.>"])];
    assert.deepEqual(refused({ target: { streams } }), ["exists"]);
    assert.equal(plan({ target: { streams }, wishes: { ifExists: "skip" } }).action, "skip");
    assert.equal(plan({ target: { streams }, wishes: { ifExists: "replace" } }).action, "replace");
    assert.deepEqual(refused({ target: { missing: ["ORDERS"] }, wishes: { ifExists: "replace" } }), ["offline"]);
  });

  it("writes anew what the server cannot read, or would read wrongly, and refuses only what no archive can say", () => {
    const route = (given: Parameters<typeof plan>[0]): string => {
      const made = plan(given);
      assert.deepEqual(made.refusals, []);
      return made.route;
    };
    for (const version of ["2.9.25", "2.10.26", "2.12.8", "2.14.6"]) {
      assert.equal(route({ facts: { format: "v2" }, version }), "as-v1", "F23");
    }
    assert.equal(route({ facts: { resurrects: 3 }, version: "2.9.25" }), "as-v1", "F64");
    assert.equal(route({ facts: { resurrects: 3 }, version: "2.10.26" }), "as-is");
    assert.equal(route({ facts: { trailingZeros: true }, version: "2.14.6" }), "as-v1");
    assert.equal(route({ facts: { trailingZeros: true }, version: "2.10.26" }), "as-is");
    const inside = { name: "OTHER", created: "2026-01-01T00:00:00Z", config: { name: "OTHER" } };
    assert.equal(route({ facts: { inside } }), "as-v1", "F19");
    assert.equal(route({ facts: { messages: 0, lastSequenceBefore210: 0 }, version: "2.9.25" }), "as-v1");
    assert.equal(route({ facts: { messages: 0 }, version: "2.9.25" }), "as-v1", "a record that says so is not read");
    const far = { lastSequence: 10, lastSequenceBefore210: 10, streamLastSequence: 2_000 };
    assert.deepEqual(refused({ facts: far, version: "2.9.25" }), ["sequences-restart"]);
    assert.equal(route({ facts: { ...far, streamLastSequence: 500 }, version: "2.9.25" }), "as-v1");
  });

  it("gives another name, without the subjects that another stream has; side by side under a name that is free", () => {
    const original = stream("ORDERS", ["orders.>"]);
    const renamed = plan({ wishes: { as: "CHECK" } });
    assert.deepEqual([renamed.stream, renamed.config.subjects, renamed.action], ["CHECK", ["orders.>"], "create"]);
    const beside = plan({ wishes: { as: "CHECK" }, target: { streams: [original] } });
    assert.deepEqual([beside.stream, beside.config.subjects, beside.refusals], ["CHECK", undefined, []]);
    assert.match(beside.changes.join(), /subjects are left out, as they overlap with those of "ORDERS"/);
    const taken = [original, stream("ORDERS_restored", ["other"])];
    assert.equal(
      plan({ wishes: { ifExists: "side-by-side" }, target: { streams: taken } }).stream,
      "ORDERS_restored_2",
    );
    assert.equal(plan({ wishes: { ifExists: "side-by-side" } }).stream, "ORDERS");
    const both = { as: "ORDERS", ifExists: "side-by-side" } as const;
    assert.deepEqual(refused({ wishes: both, target: { streams: [original] } }), ["exists"]);
  });

  it("F16: leaves out a consumer that no server takes, and the fields that this one does not know", () => {
    const consumers = [
      { name: "a/b", config: {} },
      { name: "groups", config: { priority_groups: ["g"] } },
    ];
    const made = plan({ facts: { consumers }, version: "2.10.26" });
    assert.deepEqual([made.route, made.expected.consumers, made.refusals], ["as-v1", ["groups"], []]);
    assert.deepEqual(
      made.consumerEdit.leaveOut.map(({ name }) => name),
      ["a/b"],
    );
    assert.deepEqual(made.consumerEdit.dropFields, ["priority_groups"]);
    assert.match(made.warnings.join("\n"), /"a\/b" is left out: no server takes its name/);
  });

  it("refuses memory storage for an archive that would come out empty there", () => {
    assert.deepEqual(refused({ config: { storage: "memory" }, version: "2.15.1" }), ["memory-storage"]);
    const v2 = { facts: { format: "v2" }, config: { storage: "memory" }, version: "2.15.1" } as const;
    assert.deepEqual(refused(v2), []);
    assert.equal(plan(v2).route, "as-is");
  });

  it("refuses replicas that a single server cannot have, unless told otherwise", () => {
    assert.deepEqual(refused({ config: { num_replicas: 3 } }), ["replicas"]);
    assert.deepEqual(refused({ config: { num_replicas: 3 }, target: { clustered: true } }), []);
    const made = plan({ config: { num_replicas: 3 }, wishes: { replicas: 1 } });
    assert.equal(made.action, "create");
    assert.deepEqual(made.changes, ["num_replicas: 3 → 1"]);
  });

  it("refuses subjects that another stream has", () => {
    assert.deepEqual(refused({ target: { streams: [stream("A", ["orders.new"])] } }), ["subjects"]);
    assert.deepEqual(refused({ target: { streams: [stream("A", ["other.>"])] } }), []);
  });

  it("refuses what the account's limits do not allow, counting what a replaced stream frees", () => {
    const limits = { max_memory: -1, max_storage: 1_200_000, max_streams: 1, max_consumers: -1 };
    const used = { ...account, storage: 500_000, streams: 1, limits };
    assert.deepEqual(refused({ target: { account: used } }), ["account-storage", "account-streams"]);
    const streams = [stream("ORDERS", ["orders.>"])];
    assert.deepEqual(refused({ target: { account: used, streams }, wishes: { ifExists: "replace" } }), []);
  });

  it("says what max_age would remove, and refuses to restore an empty stream", () => {
    const old = { max_age: 3_600_000_000_000 };
    assert.deepEqual(refused({ config: old, source: { expired: 100 } }), ["max-age"]);
    const some = plan({ config: old, source: { expired: 40 } });
    assert.equal(some.action, "create");
    assert.match(some.warnings.join(), /remove 40 of 100 messages/);
    assert.equal(some.expected.atLeast, 60);
    const lifted = plan({ config: old, source: { expired: 0 }, wishes: { liftMaxAge: true } });
    assert.equal(lifted.config.max_age, 0);
  });

  it("leaves out first_seq where it would empty the stream, and says so", () => {
    const on210 = plan({ config: { first_seq: 1 }, version: "2.10.26" });
    assert.ok(!("first_seq" in on210.config));
    assert.match(on210.changes.join(), /first_seq 1 is left out/);
    assert.equal(plan({ config: { first_seq: 1 }, version: "2.14.6" }).config.first_seq, 1);
    assert.ok(!("first_seq" in plan({ config: { first_seq: 2 }, version: "2.14.6" }).config));
  });

  it("sends only fields that the server knows, and lists what it leaves out", () => {
    const newer = { allow_msg_counter: true, allow_batched: false, metadata: { "_nats.level": "2", team: "a" } };
    const made = plan({ config: newer, version: "2.11.11" });
    assert.ok(!("allow_msg_counter" in made.config));
    assert.ok(!("allow_batched" in made.config));
    assert.deepEqual(made.config.metadata, { team: "a" });
    assert.equal(made.changes.length, 1);
    assert.match(made.changes.join(), /allow_msg_counter is left out/);
  });

  it("turns archives of 2.15 into the older form for a standalone server, unless gaps are huge", () => {
    const v2 = { facts: { format: "v2" }, version: "2.15.1" } as const;
    assert.equal(plan(v2).route, "as-v1");
    assert.equal(plan({ ...v2, target: { clustered: true } }).route, "as-is");
    assert.equal(plan({ ...v2, facts: { format: "v2", largestGap: 5_000_000_000 } }).route, "as-is");
  });

  it("writes a v1 archive anew where only its index knows what is dead, but for 2.9, which reads an index of its own", () => {
    assert.equal(plan({}).route, "as-is");
    assert.equal(plan({ facts: { needsIndex: true } }).route, "as-v1");
    assert.equal(plan({ facts: { needsIndex: true }, target: { clustered: true } }).route, "as-v1");
    assert.equal(plan({ facts: { needsIndex: true }, version: "2.9.25" }).route, "as-is");
  });

  it("refuses sources that the server would read differently", () => {
    const transforms = [{ src: "a.>", dest: "b.>" }];
    const sourced = { sources: [{ name: "A", subject_transforms: transforms }] };
    const on29 = plan({ config: sourced, version: "2.9.25" });
    assert.deepEqual(
      on29.refusals.map(({ code }) => code),
      ["source-fields"],
    );
    assert.match(on29.refusals[0]?.text ?? "", /sources\.subject_transforms/);
    assert.deepEqual(plan({ config: sourced, version: "2.10.26" }).refusals, []);
    assert.deepEqual(plan({ wishes: { config }, config: sourced, version: "2.9.25" }).refusals, []);
  });

  it("warns of consumers that the server would read differently, and of sources that copy everything again", () => {
    const consumers = [{ name: "both", config: { filter_subjects: ["a", "b"], metadata: { "_nats.level": "1" } } }];
    const warnings = plan({ facts: { consumers }, version: "2.9.25" }).warnings.join();
    assert.match(warnings, /"both" has filter_subjects, which .* every subject/);
    assert.deepEqual(plan({ facts: { consumers }, version: "2.10.26" }).warnings, []);
    const sources = { config: { sources: [{ name: "A" }] }, target: { clustered: true } };
    assert.match(plan({ ...sources, version: "2.15.1" }).warnings.join(), /copies everything again/);
    assert.match(plan({ ...sources, version: "2.15.1" }).warnings.join(), /restore it together with them/);
    assert.doesNotMatch(plan({ ...sources, version: "2.14.6" }).warnings.join(), /everything again/);
    // No archive that such a stream is restored from can say how far it has come.
    const memory = { config: { ...sources.config, storage: "memory" as const }, facts: { format: "v2" as const } };
    const gap = { config: sources.config, facts: { format: "v2" as const, largestGap: 2_000_000 } };
    for (const target of [{ clustered: true }, { clustered: false }]) {
      const told = [memory, gap].map((one) => plan({ ...one, target, version: "2.15.1" }).warnings.join());
      assert.match(told[0] ?? "", /everything again.* pass --storage file/);
      assert.match(told[1] ?? "", /gaps as large.* everything again/);
      assert.doesNotMatch(told.join(), /restore it together/);
    }
  });

  it("expects fewer messages where acknowledged ones, limits or lifetimes remove them", () => {
    const work = plan({ config: { retention: "workqueue" }, facts: { acknowledged: 7 } });
    assert.equal(work.expected.atLeast, 93);
    assert.equal(plan({ facts: { ttlMessages: 5 } }).expected.atLeast, 95);
    assert.equal(plan({ config: { max_msgs: 10 } }).expected.atLeast, 10);
    const tighter = { ...config, max_bytes: 100 };
    assert.equal(plan({ wishes: { config: tighter } }).expected.atLeast, 0);
  });
});
