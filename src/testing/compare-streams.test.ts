import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertSameStream, compareStreams, type Tolerances } from "./compare-streams.ts";
import { type Difference, describeDifferences } from "./difference.ts";
import { MessageTable } from "./message-table.ts";
import type { ConsumerFacts } from "./read-consumers.ts";
import type { StreamContents } from "./read-stream.ts";

interface Plain {
  readonly sequence: number;
  readonly time: bigint;
  readonly subject: string;
  readonly headers: string;
  readonly payload: string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const messages: readonly Plain[] = Array.from({ length: 20 }, (_, i) => ({
  sequence: 10 + i,
  time: 1_700_000_000_000_000_000n + BigInt(i),
  subject: `orders.${i % 3}`,
  headers: i % 2 === 0 ? "NATS/1.0\r\nX: 1\r\n\r\n" : "",
  payload: `payload ${i}`,
}));

const consumer: ConsumerFacts = {
  name: "worker",
  created: "2026-01-01T00:00:00Z",
  config: { durable_name: "worker", ack_policy: "explicit", ack_wait: 30 },
  delivered: { consumer_seq: 9, stream_seq: 18 },
  ack_floor: { consumer_seq: 4, stream_seq: 13 },
  num_pending: 11,
  num_ack_pending: 5,
  num_redelivered: 2,
};

function contents(
  change: {
    readonly messages?: readonly Plain[];
    readonly consumers?: readonly ConsumerFacts[];
    readonly config?: Readonly<Record<string, unknown>>;
    readonly state?: Readonly<Record<string, unknown>>;
    readonly created?: string;
  } = {},
): StreamContents {
  const table = new MessageTable();
  for (const one of change.messages ?? messages) {
    table.push(one.sequence, one.time, one.subject, bytes(one.headers), bytes(one.payload));
  }
  const state = {
    messages: 20,
    bytes: 1_000,
    first_seq: 10,
    first_ts: "2026-01-01T00:00:00Z",
    last_seq: 29,
    last_ts: "2026-01-01T00:00:01Z",
    num_subjects: 3,
    consumer_count: 1,
    ...change.state,
  };
  const config = { name: "ORDERS", subjects: ["orders.>"], max_age: 0, ...change.config };
  return {
    name: "ORDERS",
    info: { config, created: change.created ?? "2026-01-01T00:00:00Z", state },
    messages: table,
    consumers: change.consumers ?? [consumer],
    method: "consumer",
  };
}

function differences(change: Parameters<typeof contents>[0], tolerate?: Tolerances): Difference[] {
  return compareStreams(contents(), contents(change), tolerate);
}

function only(found: readonly Difference[]): Difference {
  assert.equal(found.length, 1, describeDifferences(found));
  return found[0] as Difference;
}

function changed(index: number, change: Partial<Plain>): readonly Plain[] {
  return messages.map((message, i) => (i === index ? { ...message, ...change } : message));
}

function stands(change: Partial<ConsumerFacts>): Parameters<typeof contents>[0] {
  return { consumers: [{ ...consumer, ...change }] };
}

describe("compareStreams sees", () => {
  it("nothing in two equal streams", () => assert.deepEqual(differences({}), []));

  it("a message that is missing, at the start, inside and at the end", () => {
    for (const gone of [0, 7, 19]) {
      const found = only(differences({ messages: messages.filter((_, i) => i !== gone) }));
      assert.equal(found.kind === "message-missing" && found.before.sequence, 10 + gone);
    }
  });

  it("a message that was not there", () => {
    const extra = { sequence: 30, time: 1n, subject: "orders.9", headers: "", payload: "" };
    assert.equal(only(differences({ messages: [...messages, extra] })).kind, "message-extra");
  });

  it("a message whose sequence moved, as one missing and one extra", () => {
    const moved = changed(19, { sequence: 31 });
    assert.deepEqual(
      differences({ messages: moved }).map((one) => one.kind),
      ["message-missing", "message-extra"],
    );
  });

  it("a time that is one nanosecond off", () => {
    assert.equal(
      only(differences({ messages: changed(5, { time: 1_700_000_000_000_000_006n }) })).kind,
      "message-time",
    );
  });

  it("another subject", () => {
    assert.equal(only(differences({ messages: changed(5, { subject: "orders.5" }) })).kind, "message-subject");
  });

  it("other headers, headers that came or went, and only a space", () => {
    for (const [index, headers] of [
      [4, ""],
      [5, "NATS/1.0\r\n\r\n"],
      [4, "NATS/1.0\r\nX: 2\r\n\r\n"],
      [4, "NATS/1.0\r\nX:  1\r\n\r\n"],
    ] as const) {
      assert.equal(only(differences({ messages: changed(index, { headers }) })).kind, "message-headers");
    }
  });

  it("another payload of the same size, and an empty one", () => {
    for (const payload of ["payload_5", ""]) {
      assert.equal(only(differences({ messages: changed(5, { payload }) })).kind, "message-payload");
    }
  });

  it("bytes that moved from the headers to the payload", () => {
    const found = differences({ messages: changed(4, { headers: "", payload: "NATS/1.0\r\nX: 1\r\n\r\npayload 4" }) });
    assert.deepEqual(
      found.map((one) => one.kind),
      ["message-headers", "message-payload"],
    );
  });

  it("a field of the configuration that changed, came or went", () => {
    const found = differences({ config: { subjects: ["orders.*"], max_age: 5, compression: "s2" } });
    const fields = found.map((one) => one.kind === "stream-config" && one.field);
    assert.deepEqual(fields, ["compression", "max_age", "subjects"]);
  });

  it("no difference where a server only writes out a default or its own metadata", () => {
    const config = { compression: "none", allow_direct: false, max_msgs: -1, metadata: { "_nats.ver": "2.15.1" } };
    assert.deepEqual(differences({ config }), []);
  });

  it("metadata of the user", () => {
    const config = { metadata: { owner: "me", "_nats.level": "0" } };
    assert.equal(only(differences({ config })).kind, "stream-config");
  });

  it("each field of the state", () => {
    for (const [field, value] of Object.entries({
      messages: 19,
      first_seq: 11,
      last_seq: 30,
      first_ts: "2026-01-01T00:00:00.000000001Z",
      last_ts: "2026-01-01T00:00:02Z",
      num_deleted: 1,
      num_subjects: 4,
    })) {
      const found = only(differences({ state: { [field]: value } }));
      assert.equal(found.kind === "stream-state" && found.field, field);
    }
  });

  it("no difference in the first time of a stream that holds no message, but in that of one that does", () => {
    const empty = { messages: 0, first_ts: "0001-01-01T00:00:00Z" };
    const before = contents({ messages: [], state: empty });
    const after = contents({ messages: [], state: { ...empty, first_ts: "1970-01-01T00:00:00Z" } });
    assert.deepEqual(compareStreams(before, after), []);
    assert.equal(only(differences({ state: { first_ts: "1970-01-01T00:00:00Z" } })).kind, "stream-state");
  });

  it("when the stream was created, where that is asked for", () => {
    assert.deepEqual(differences({ created: "2026-02-01T00:00:00Z" }), []);
    assert.equal(only(differences({ created: "2026-02-01T00:00:00Z" }, { created: true })).kind, "stream-state");
  });

  it("a consumer that is missing, and one that was not there", () => {
    assert.equal(only(differences({ consumers: [] })).kind, "consumer-missing");
    const found = only(differences({ consumers: [consumer, { ...consumer, name: "other" }] }));
    assert.equal(found.kind === "consumer-extra" && found.consumer, "other");
  });

  it("a consumer's configuration", () => {
    const found = only(differences(stands({ config: { ...consumer.config, ack_wait: 60 } })));
    assert.equal(found.kind === "consumer-config" && found.field, "ack_wait");
  });

  it("each part of where a consumer stands", () => {
    for (const [field, change] of Object.entries<Partial<ConsumerFacts>>({
      "delivered.consumer_seq": { delivered: { consumer_seq: 8, stream_seq: 18 } },
      "delivered.stream_seq": { delivered: { consumer_seq: 9, stream_seq: 17 } },
      "ack_floor.consumer_seq": { ack_floor: { consumer_seq: 3, stream_seq: 13 } },
      "ack_floor.stream_seq": { ack_floor: { consumer_seq: 4, stream_seq: 12 } },
      num_ack_pending: { num_ack_pending: 4 },
      num_redelivered: { num_redelivered: 0 },
      num_pending: { num_pending: 12 },
      paused: { pause_remaining: 5 },
    })) {
      const found = only(differences(stands(change)));
      assert.equal(found.kind === "consumer-state" && found.field, field);
    }
  });
});

describe("compareStreams tolerates, only when told to,", () => {
  it("named fields of configuration and state", () => {
    const change = { config: { num_replicas: 3, max_age: 1 }, state: { last_ts: "2027-01-01T00:00:00Z" } };
    const found = only(differences(change, { streamConfig: ["num_replicas"], streamState: ["last_ts"] }));
    assert.equal(found.kind === "stream-config" && found.field, "max_age");
  });

  it("messages that need not come back, but none that came from nowhere", () => {
    const fewer = messages.filter((_, i) => i > 1);
    assert.deepEqual(differences({ messages: fewer }, { missingMessages: (sequence) => sequence < 12 }), []);
    assert.equal(
      only(differences({ messages: fewer }, { missingMessages: (seq) => seq < 11 })).kind,
      "message-missing",
    );
  });

  it("consumers that need not come back", () => {
    const missingConsumers = (one: ConsumerFacts): boolean => one.name === "worker";
    assert.deepEqual(differences({ consumers: [] }, { missingConsumers }), []);
    assert.deepEqual(differences({ consumers: [] }, { noConsumers: true }), []);
  });

  it("named fields of a consumer's configuration and standing", () => {
    const change = stands({ config: { ...consumer.config, num_replicas: 3 }, num_pending: 99, num_redelivered: 0 });
    const found = only(differences(change, { consumerConfig: ["num_replicas"], consumerState: ["num_pending"] }));
    assert.equal(found.kind === "consumer-state" && found.field, "num_redelivered");
  });

  it("a consumer that a snapshot of a cluster rolled back to exactly its acknowledgement floor", () => {
    const rolled = { delivered: consumer.ack_floor, num_ack_pending: 0, num_redelivered: 0, num_pending: 16 };
    assert.deepEqual(differences(stands(rolled), { rolledBackToAckFloor: true }), []);
    const further = { ...rolled, delivered: { consumer_seq: 3, stream_seq: 12 } };
    assert.equal(differences(stands(further), { rolledBackToAckFloor: true }).length, 2);
    const fewer = { ...rolled, num_pending: 10 };
    assert.equal(only(differences(stands(fewer), { rolledBackToAckFloor: true })).kind, "consumer-state");
    assert.equal(differences({}, { rolledBackToAckFloor: true }).length > 0, true);
  });
});

describe("a comparison's words", () => {
  it("name the first differences and count the rest", () => {
    const text = describeDifferences(differences({ messages: messages.slice(5) }), 2);
    assert.equal(text, "message 10 (orders.0) is missing\nmessage 11 (orders.1) is missing\n… and 3 more");
  });

  it("stop at the most that were asked for", () => {
    assert.equal(differences({ messages: [] }, { most: 4 }).length, 4);
  });

  it("are in the error of assertSameStream, which is silent for equals", () => {
    assertSameStream(contents(), contents());
    assert.throws(
      () => assertSameStream(contents(), contents(stands({ num_pending: 3 }))),
      /consumer worker state num_pending: 11 → 3/,
    );
  });
});
