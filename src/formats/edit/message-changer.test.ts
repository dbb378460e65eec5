import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryBatch, headersOf, readBatch } from "../../testing/entry-batch.ts";
import type { TestEntryV2 } from "../../testing/natsarc-writer.ts";
import type { ReadMessage } from "../../testing/read-messages.ts";
import type { OpenJson } from "../filestore/meta-inf.ts";
import { Kernels } from "../kernels/kernels.ts";
import { SubjectMap } from "../subjects/subject-map.ts";
import type { ArchiveEdit } from "./archive-edit.ts";
import { MessageChanger } from "./message-changer.ts";
import { Obfuscator } from "./obfuscator.ts";

function changed(edit: ArchiveEdit, messages: readonly TestEntryV2[], config: OpenJson = {}): ReadMessage[] {
  const kernels = Kernels.create();
  const out: ReadMessage[] = [];
  const changer = new MessageChanger(kernels, edit, config, (batch) => out.push(...readBatch(batch)));
  changer.messages(entryBatch(messages, kernels));
  return out;
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const subjects = new SubjectMap([{ from: "orders.*", to: "sales.$1" }]);

describe("messages whose subjects are renamed", () => {
  it("have their new subjects; others, headers and payloads stay", () => {
    const messages = [
      { name: "orders.größe", payload: "1", headers: headersOf({ A: "1" }) },
      { name: "orders.a.b", payload: "2" },
      { name: "orders.größe", payload: "3" },
    ];
    const before = readBatch(entryBatch(messages));
    const expected = before.map((message, index) =>
      index === 1 ? message : { ...message, subject: latin1("sales.größe") },
    );
    assert.deepEqual(changed({ subjects }, messages), expected);
  });

  it("keep the bytes of subjects that no rule is about, whatever they are", () => {
    const kernels = Kernels.create();
    const batch = entryBatch([{ name: "ab.c" }, { name: "\ufefforders.x" }], kernels);
    kernels.bytes.set([0xff, 0xfe], batch.rows.offset[0] as number);
    const before = readBatch(batch);
    const out: ReadMessage[] = [];
    new MessageChanger(kernels, { subjects }, {}, (result) => out.push(...readBatch(result))).messages(batch);
    assert.deepEqual(out, before);
  });

  it("keep the bytes that a wildcard stands for, also those that are no UTF-8, and one apart from another", () => {
    const kernels = Kernels.create();
    const names = ["orders.ab", "orders.ac", "orders.größe"];
    const batch = entryBatch(
      names.map((name) => ({ name })),
      kernels,
    );
    for (const row of [0, 1]) kernels.bytes.set([0xfe + row, 0xc3], (batch.rows.offset[row] as number) + 7);
    const out: ReadMessage[] = [];
    new MessageChanger(kernels, { subjects }, {}, (result) => out.push(...readBatch(result))).messages(batch);
    assert.deepEqual(
      out.map(({ subject }) => subject),
      ["sales.\xfe\xc3", "sales.\xff\xc3", latin1("sales.größe")],
    );
  });

  it("are right for more subjects than are kept in mind", () => {
    const kernels = Kernels.create();
    let count = 0;
    const changer = new MessageChanger(kernels, { subjects }, {}, (batch) => {
      for (const { subject, payload } of readBatch(batch)) {
        assert.equal(subject, payload);
        count++;
      }
    });
    for (let part = 0; part < 17; part++) {
      const names = Array.from({ length: 4000 }, (_, index) => `${part}-${index}`);
      const messages = names.map((name, row) =>
        row % 2 === 0 ? { name: `orders.${name}`, payload: `sales.${name}` } : { name, payload: name },
      );
      changer.messages(entryBatch(messages, kernels));
    }
    assert.equal(count, 68_000);
  });

  it("are handed on as they came where there is nothing to change", () => {
    const kernels = Kernels.create();
    const batch = entryBatch([{ name: "a" }], kernels);
    new MessageChanger(kernels, {}, {}, (result) => assert.equal(result, batch)).messages(batch);
  });
});

describe("messages that are obfuscated", () => {
  const secret = new Uint8Array(32).fill(7);
  const headers = headersOf({ "KV-Operation": "DEL", "Nats-Msg-Id": "id-1", "Nats-Schedule-Target": "orders.x" });
  const messages = [
    { name: "orders.new", payload: "secret" },
    { name: "orders.new", headers },
  ];

  it("have hashed subjects and headers, and payloads of zeros of the same length", () => {
    const { token, subject } = bound(new Obfuscator(secret));
    assert.deepEqual(
      changed({ obfuscate: new Obfuscator(secret) }, messages).map((message) => [
        message.subject,
        message.headers,
        message.payload,
      ]),
      [
        [subject("orders.new"), "", "000000"],
        [
          subject("orders.new"),
          headersOf({
            "KV-Operation": "DEL",
            "Nats-Msg-Id": token("id-1"),
            "Nats-Schedule-Target": subject("orders.x"),
          }),
          "",
        ],
      ],
    );
  });

  it("have tokens of their own where their bytes are no UTF-8, and those of headers too", () => {
    const kernels = Kernels.create();
    const headers = headersOf({ A: "1", B: "1" });
    const batch = entryBatch([{ name: "a.1" }, { name: "a.2" }, { name: "a.x", headers }], kernels);
    for (const row of [0, 1]) kernels.bytes.set([0xfe + row], (batch.rows.offset[row] as number) + 2);
    const at = (batch.rows.offset[2] as number) + 3;
    const ones = [...headersOf({ A: "1", B: "1" })].flatMap((char, index) =>
      char === "1" && index > 8 ? [index] : [],
    );
    for (const [index, one] of ones.entries()) kernels.bytes.set([0xfe + index], at + one);
    const obfuscate = new Obfuscator(secret);
    const out: ReadMessage[] = [];
    new MessageChanger(kernels, { obfuscate }, {}, (result) => out.push(...readBatch(result))).messages(batch);
    const back = Obfuscator.fromKeyFile(JSON.stringify(obfuscate.toKeyFile()), "keys");
    assert.deepEqual(
      out.map(({ subject }) => back.reveal(subject)),
      ["a.\udcfe", "a.\udcff", "a.x"],
    );
    const [first, second] = [...(out[2]?.headers ?? "").matchAll(/: (\S+)\r\n/g)].map(([, value = ""]) => value);
    assert.notEqual(first, second);
    assert.deepEqual([back.reveal(first ?? ""), back.reveal(second ?? "")], ["\udcfe", "\udcff"]);
  });

  it("keep the payload where it is a counter's total", () => {
    const [first] = changed({ obfuscate: new Obfuscator(secret) }, messages, { allow_msg_counter: true });
    assert.equal(first?.payload, "secret");
  });

  it("are renamed first", () => {
    const [first] = changed({ subjects, obfuscate: new Obfuscator(secret) }, messages);
    assert.equal(first?.subject, new Obfuscator(secret).subject("sales.new"));
  });
});

function bound(obfuscator: Obfuscator): { token(text: string): string; subject(text: string): string } {
  return { token: (text) => obfuscator.token(text), subject: (text) => obfuscator.subject(text) };
}
