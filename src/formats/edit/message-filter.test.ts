import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryBatch, headersOf, readBatch } from "../../testing/entry-batch.ts";
import type { TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { type DropCounts, MessageFilter, type MessageSelection } from "./message-filter.ts";

/** The sequences that a selection keeps, and why others are gone. */
function select(
  selection: MessageSelection,
  messages: readonly TestEntryV2[],
): { readonly kept: number[]; readonly dropped: DropCounts; readonly markersDropped: number } {
  const filter = new MessageFilter(selection);
  const batch = entryBatch(messages);
  const kept = readBatch({ ...batch, count: filter.keep(batch) }).map(({ sequence }) => sequence);
  return { kept, dropped: { ...filter.dropped }, markersDropped: filter.markersDropped };
}

const orders: readonly TestEntryV2[] = [
  { name: "orders.new", time: 10n, payload: "one", headers: headersOf({ Source: "shop", Id: "1" }) },
  { name: "orders.paid", time: 20n, payload: "two", headers: headersOf({ source: "till" }) },
  { name: "orders.new.eu", time: 30n, payload: "three" },
  { name: "billing", time: 40n, payload: "" },
  { name: "größe.語", time: 50n, payload: "fünf" },
];

describe("a selection of messages", () => {
  for (const [what, selection, kept, dropped] of [
    ["nothing", {}, [1, 2, 3, 4, 5], {}],
    ["sequences from one on", { firstSequence: 3 }, [3, 4, 5], { sequence: 2 }],
    ["sequences up to one", { lastSequence: 2 }, [1, 2], { sequence: 3 }],
    ["one sequence", { firstSequence: 2, lastSequence: 2 }, [2], { sequence: 4 }],
    ["times from one on", { after: 30n }, [3, 4, 5], { time: 2 }],
    ["times before one", { before: 30n }, [1, 2], { time: 3 }],
    ["a subject", { subjects: ["orders.new"] }, [1], { subject: 4 }],
    ["any of several subjects", { subjects: ["orders.*", "billing"] }, [1, 2, 4], { subject: 2 }],
    ["all subjects but some", { excludeSubjects: ["orders.>"] }, [4, 5], { subject: 3 }],
    ["subjects but some of them", { subjects: ["orders.>"], excludeSubjects: ["*.paid"] }, [1, 3], { subject: 3 }],
    ["subjects that are not ASCII", { subjects: ["größe.*"] }, [5], { subject: 4 }],
    ["a header of any value", { headers: [{ name: "SOURCE" }] }, [1, 2], { header: 3 }],
    ["a header of a value", { headers: [{ name: "Source", value: "till" }] }, [2], { header: 4 }],
    ["any of several headers", { headers: [{ name: "Id" }, { name: "Source", value: "till" }] }, [1, 2], { header: 3 }],
    ["no header of a name", { excludeHeaders: ["id"] }, [2, 3, 4, 5], { header: 1 }],
    ["a payload", { payloads: [/^t/] }, [2, 3], { payload: 3 }],
    ["an empty payload", { payloads: [/^$/] }, [4], { payload: 4 }],
    ["any of several payloads, in any language", { payloads: [/one/, /ü/] }, [1, 5], { payload: 3 }],
    ["all payloads but some", { excludePayloads: [/o/] }, [3, 4, 5], { payload: 2 }],
    ["lists that are empty", { subjects: [], headers: [], payloads: [] }, [1, 2, 3, 4, 5], {}],
  ] as const) {
    it(`asks for ${what}`, () => {
      const result = select(selection as MessageSelection, orders);
      assert.deepEqual(result.kept, kept);
      assert.deepEqual(result.dropped, dropped);
    });
  }

  it("counts a message for the first filter that it fails: sequence, time, subject, header, payload", () => {
    const selection: MessageSelection = {
      firstSequence: 2,
      before: 50n,
      excludeSubjects: ["billing", "größe.>"],
      excludeHeaders: ["Source"],
      payloads: [/four/],
    };
    assert.deepEqual(select(selection, orders).dropped, { sequence: 1, header: 1, payload: 1, subject: 1, time: 1 });
  });

  it("looks at each payload anew, whatever the flags of an expression", () => {
    const messages = Array.from({ length: 6 }, () => ({ payload: "xx yes xx yes" }));
    for (const flags of ["g", "y", "gi"]) {
      assert.equal(select({ payloads: [new RegExp("xx", flags)] }, messages).kept.length, 6, flags);
      assert.equal(select({ excludePayloads: [new RegExp("xx", flags)] }, messages).kept.length, 0, flags);
    }
  });

  it("sees a byte order mark where there is one", () => {
    const messages = [
      { payload: "\ufeffa", name: "\ufeffa" },
      { payload: "a", name: "a" },
    ];
    assert.deepEqual(select({ payloads: [/^a$/] }, messages).kept, [2]);
    assert.deepEqual(select({ subjects: ["a"] }, messages).kept, [2]);
  });

  it("tells how many markers of removed keys a header or payload filter dropped", () => {
    const marker = headersOf({ "KV-Operation": "DEL" });
    const messages = [
      { name: "$KV.b.k", payload: "value" },
      { name: "$KV.b.k", headers: marker },
      { name: "$KV.b.l", headers: marker },
    ];
    assert.equal(select({ payloads: [/value/] }, messages).markersDropped, 2);
    assert.equal(select({ excludeHeaders: ["KV-Operation"] }, messages).markersDropped, 2);
    assert.equal(select({ subjects: ["$KV.b.l"] }, messages).markersDropped, 0, "another key is not back");
    assert.equal(select({ lastSequence: 1 }, messages).markersDropped, 0, "an earlier state was asked for");
  });

  it("remembers its verdict for more subjects than it keeps in mind", () => {
    const filter = new MessageFilter({ subjects: ["s.*"], excludeSubjects: ["s.x7"] });
    let kept = 0;
    for (let part = 0; part < 20; part++) {
      const names = Array.from({ length: 4000 }, (_, index) => ({ name: index === 0 ? "s.x7" : `s.${part}-${index}` }));
      kept += filter.keep(entryBatch(names));
    }
    assert.equal(kept, 20 * 3999);
    assert.deepEqual(filter.dropped, { subject: 20 });
  });

  it("leaves the parts of what it keeps as they were", () => {
    const batch = entryBatch(orders);
    const before = readBatch(batch);
    const count = new MessageFilter({ excludeSubjects: ["orders.paid"] }).keep(batch);
    assert.deepEqual(
      readBatch({ ...batch, count }),
      before.filter(({ sequence }) => sequence !== 2),
    );
  });
});
