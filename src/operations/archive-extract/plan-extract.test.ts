import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import type { ExtractPlan, ExtractSource, ExtractWishes, Self, StorePicture } from "./extract-plan.ts";
import { planExtract } from "./plan-extract.ts";

const facts: ArchiveFacts = {
  format: "v1",
  decodedBytes: 1_000_000,
  messages: 100,
  firstSequence: 11,
  lastSequence: 110,
  firstTime: "2026-01-01T00:00:00.000000000Z",
  lastTime: "2026-01-02T00:00:00.000000000Z",
  streamLastSequence: 110,
  largestGap: 0,
  ttlMessages: 0,
  resurrects: 0,
  lastSequenceBefore210: 110,
  needsIndex: false,
  indexMatches: true,
  trailingZeros: false,
  acknowledged: 0,
  samples: [11, 110],
  consumers: [],
};
const config: StreamConfig = { name: "ORDERS", subjects: ["orders.>"], storage: "file", num_replicas: 1 };
const store: StorePicture = {
  directory: "/data",
  kind: "store",
  raft: undefined,
  accounts: ["$G"],
  streams: [],
  encrypted: false,
  indexed: false,
  owner: { uid: 1000, gid: 1000 },
  users: { checked: true, inUse: [], unclear: [] },
};
const version = (text: string): ServerVersion => {
  const parsed = parseServerVersion(text);
  assert.ok(parsed);
  return parsed;
};

function plan(change: {
  readonly source?: Partial<ExtractSource>;
  readonly facts?: Partial<ArchiveFacts>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly store?: Partial<StorePicture>;
  readonly wishes?: ExtractWishes;
  readonly self?: Self;
}): ExtractPlan {
  return planExtract(
    {
      config: { ...config, ...change.config },
      facts: { ...facts, ...change.facts },
      created: "2026-01-01T00:00:00.5Z",
      expired: 0,
      now: Date.parse("2026-11-24T00:00:00Z"),
      ...change.source,
    },
    { ...store, ...change.store },
    change.wishes ?? {},
    change.self ?? { uid: 1000 },
  );
}

const codes = (change: Parameters<typeof plan>[0]): readonly string[] => plan(change).refusals.map(({ code }) => code);

describe("the plan of an extraction", () => {
  it("says where the stream goes and what it holds, without a word where nothing is to be said", () => {
    const planned = plan({});
    assert.equal(planned.action, "extract");
    assert.equal(planned.path, "/data/jetstream/$G/streams/ORDERS");
    assert.deepEqual([planned.changes, planned.notes, planned.refusals], [[], [], []]);
    assert.deepEqual(planned.config, config);
    assert.equal(planned.created, "2026-01-01T00:00:00.5Z");
    assert.deepEqual(planned.expected, {
      messages: 100,
      firstSequence: 11,
      lastSequence: 110,
      streamLastSequence: 110,
      consumers: [],
    });
    const other = plan({ wishes: { account: "APP", name: "COPY" } });
    assert.equal(other.path, "/data/jetstream/APP/streams/COPY");
    assert.equal(other.config.name, "COPY");
    assert.deepEqual(other.changes, ['name is "COPY" instead of "ORDERS"']);
    assert.match(other.notes[0] ?? "", /nothing of account "APP" yet/);
  });

  it("makes a configuration that a standalone server starts, and says what it changed", () => {
    const { config: is, changes } = plan({
      config: {
        num_replicas: 3,
        storage: "memory",
        first_seq: 11,
        metadata: { "_nats.req.level": "4", "_nats.ver": "2.14.6", team: "a" },
        allow_batched: true,
      },
      wishes: { version: version("2.12.8") },
    });
    assert.deepEqual(is, { ...config, num_replicas: 1, storage: "file", metadata: { team: "a" } });
    assert.deepEqual(changes, [
      "allow_batched is left out: nats-server 2.12.8 does not know it",
      "storage is file instead of memory, where the messages would be lost",
      "num_replicas is 1 instead of 3: the server is alone",
      "first_seq 11 is left out: a server could empty the stream over it",
    ]);
  });

  it("keeps first_seq below the first message, which no server minds", () => {
    assert.equal(plan({ config: { first_seq: 10 } }).config.first_seq, 10);
    const empty = { messages: 0, firstSequence: 0, lastSequence: 0, streamLastSequence: 999 };
    assert.equal(plan({ facts: empty, config: { first_seq: 1000 } }).config.first_seq, undefined);
  });

  it("keeps every field where no version is given, and says which of them not every server knows", () => {
    const { config: is, notes } = plan({ config: { compression: "s2", brand_new: 1 } });
    assert.deepEqual([is.compression, is.brand_new], ["s2", 1]);
    assert.match(notes.join(), /compression, brand_new in the configuration.*--for-server/);
  });

  it("takes from consumers what would keep a server from starting them, or the stream with them", () => {
    const consumers = [
      { name: "a", config: { num_replicas: 3, metadata: { "_nats.req.level": "1" } } },
      { name: "b", config: { filter_subjects: ["x", "y"] } },
    ];
    assert.deepEqual(plan({ facts: { consumers } }).changes, ['consumer "a": num_replicas is 1 instead of 3']);
    assert.deepEqual(plan({ facts: { consumers }, wishes: { version: version("2.9.25") } }).changes, [
      'consumer "a": num_replicas is 1 instead of 3',
      'consumer "b": filter_subjects is left out: nats-server 2.9.25 does not know it, so it delivers messages of every subject',
    ]);
  });

  it("refuses directories that are no store of a server that is alone", () => {
    assert.deepEqual(codes({ store: { kind: "missing" } }), ["no-store"]);
    assert.deepEqual(codes({ store: { kind: "other" } }), ["no-store"]);
    assert.deepEqual(codes({ store: { kind: "inside" } }), ["inside-store"]);
    assert.deepEqual(codes({ store: { kind: "empty" } }), []);
    assert.deepEqual(codes({ store: { raft: "jetstream/SYS/_js_" } }), ["clustered"]);
    const inUse = [{ pid: 7, program: "nats-server", evidence: "names it in its arguments" }];
    const { refusals } = plan({ store: { users: { ...store.users, inUse } } });
    assert.deepEqual(
      refusals.map(({ code, text }) => [code, text]),
      [["in-use", "nats-server (process 7) uses /data: it names it in its arguments"]],
    );
  });

  it("says where it cannot be told whether the store is in use", () => {
    const unclear = [{ pid: 7, program: "nats-server", evidence: "keeps to itself" }];
    assert.match(
      plan({ store: { users: { ...store.users, unclear } } }).notes.join(),
      /process 7\) may use this store: it keeps/,
    );
    assert.match(
      plan({ store: { users: { ...store.users, checked: false } } }).notes.join(),
      /cannot be told on this system/,
    );
  });

  it("refuses files that the server's user could not read; root gives them to that user", () => {
    assert.deepEqual(codes({ self: { uid: 1001 } }), ["owner"]);
    assert.deepEqual(plan({ self: { uid: 0 } }).owner, { uid: 1000, gid: 1000 });
    assert.equal(plan({}).owner, undefined);
    assert.equal(plan({ self: { uid: 0 }, store: { owner: { uid: 0, gid: 0 } } }).owner, undefined);
  });

  it("refuses names that are unsafe, and those that are taken", () => {
    for (const name of ["", "a.b", "a b", "..", "a/b", "a\\b", "a*", "a>", "a\0b", "a".repeat(256)]) {
      assert.deepEqual(codes({ wishes: { name } }), ["name"], name);
    }
    for (const account of ["", "..", ".", "a/b", "../$G", "$SYS", "a\nb"]) {
      assert.deepEqual(codes({ wishes: { account } }), ["account"], account);
    }
    assert.deepEqual(codes({ wishes: { name: "Ünïcode-1_x", account: "my.account" } }), []);
    const taken = { streams: [{ name: "ORDERS", subjects: ["orders.>"] }] };
    assert.deepEqual(codes({ store: taken }), ["exists"]);
    // The name alone is not enough: the subjects are still the other stream's.
    assert.deepEqual(codes({ store: taken, wishes: { name: "COPY" } }), ["subjects"]);
  });

  it("refuses subjects that overlap, since the server would start only one of the two streams", () => {
    const streams = [
      { name: "OTHER", subjects: ["*.new"] },
      { name: "FAR", subjects: ["far"] },
    ];
    assert.match(
      plan({ store: { streams } }).refusals[0]?.text ?? "",
      /"orders\.>" overlaps with "\*\.new" of stream "OTHER"/,
    );
    const unread = [{ name: "HIDDEN", subjects: undefined }];
    assert.match(
      plan({ store: { streams: unread, encrypted: true } }).notes.join("; "),
      /encrypted.*not checked.*HIDDEN/,
    );
  });

  it("refuses a stream that max_age would empty, unless it is lifted", () => {
    const aged = { config: { max_age: 1e9 }, source: { expired: 100, config: { ...config, max_age: 1e9 } } };
    assert.deepEqual(codes(aged), ["max-age"]);
    assert.match(plan({ ...aged, source: { ...aged.source, expired: 40 } }).notes.join(), /40 of 100 .*--lift-max-age/);
    const lifted = plan({ ...aged, source: { ...aged.source, expired: 0 }, wishes: { liftMaxAge: true } });
    assert.deepEqual([lifted.action, lifted.config.max_age, lifted.changes], ["extract", 0, ["max_age is lifted"]]);
  });

  it("brings an index along where the server is known to read it, and none to an encrypted store", () => {
    assert.equal(plan({ wishes: { version: version("2.10.0") } }).index, true);
    assert.equal(plan({ wishes: { version: version("2.9.25") }, store: { indexed: true } }).index, false);
    assert.deepEqual([plan({}).index, plan({ store: { indexed: true } }).index], [false, true]);
    assert.equal(plan({ store: { indexed: true, encrypted: true } }).index, false);
    const large = { decodedBytes: 1e9 };
    assert.match(plan({ facts: large }).notes.join(), /reads all messages once when it starts; with --for-server/);
    assert.deepEqual(plan({ facts: large, store: { indexed: true } }).notes, []);
  });

  it("knows the accounts of a server in operator mode by their public keys", () => {
    const key = `A${"B".repeat(55)}`;
    const inOperatorMode = { accounts: [key] };
    assert.deepEqual(codes({ store: inOperatorMode }), ["account"]);
    assert.match(plan({ store: inOperatorMode }).refusals[0]?.cure ?? "", new RegExp(`--account ${key}`));
    assert.deepEqual(codes({ store: inOperatorMode, wishes: { account: key } }), []);
    assert.deepEqual(codes({ store: { accounts: [key, "$G"] } }), [], "it was not always in operator mode");
    assert.match(plan({ store: { accounts: ["APP"] } }).notes.join(), /nothing of account "\$G" yet.* holds APP/);
  });

  it("knows where nats-server 2.9 looks for the last sequence of a stream", () => {
    const wishes = { version: version("2.9.25") };
    const empty = { messages: 0, firstSequence: 0, lastSequence: 0, streamLastSequence: 999 };
    assert.equal(plan({ facts: empty, wishes }).emptyAs29, true);
    assert.equal(plan({ facts: empty, wishes: { version: version("2.10.0") } }).emptyAs29, false);
    assert.match(plan({ facts: empty }).notes.join(), /goes on after 999; nats-server 2\.9 .*--for-server 2\.9/);
    assert.match(plan({ facts: { streamLastSequence: 5000 }, wishes }).notes.join(), /2\.9 does not find that/);
    assert.deepEqual(plan({ facts: { streamLastSequence: 1110 }, wishes }).notes, []);
  });

  it("tells what the server will do once it is started", () => {
    const notes = plan({
      facts: { acknowledged: 3, ttlMessages: 4, largestGap: 5e9, lastTime: "2026-11-23T23:59:30.000000000Z" },
      config: { retention: "workqueue", allow_msg_ttl: true, sources: [{ name: "X" }] },
      source: { created: undefined },
    }).notes.join("; ");
    assert.match(notes, /does not say when the stream was created/);
    assert.match(notes, /4 messages have a time to live/);
    assert.match(notes, /up to 3 messages that a consumer has acknowledged/);
    assert.match(notes, /copies from other streams/);
    assert.match(notes, /start it after 2026-11-24T00:01:30/);
  });
});
