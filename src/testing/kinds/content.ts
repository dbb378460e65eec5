import { LiveModel } from "../live-model.ts";
import { type HeaderFields, type Outgoing, publishAll } from "../publish.ts";
import { RandomBytes } from "../random-bytes.ts";
import { versionAtLeast } from "../stream-info.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, deleteMessage } from "../stream-setup.ts";

const utf8 = new TextEncoder();

/** Header blocks as clients write them, and some that only a raw client can. */
const headerVariety: readonly (HeaderFields | Uint8Array | undefined)[] = [
  undefined,
  [["Trace-Id", "6f9b3c"]],
  [
    ["X-Tag", "first"],
    ["X-Tag", "second"],
    ["X-Other", "between"],
    ["X-Tag", "first"],
  ],
  [
    ["X-Empty", ""],
    ["X-After", "1"],
  ],
  [
    ["X-City", "Zürich 東京 🚀"],
    ["X-Emoji", "🛫🛬"],
  ],
  [
    ["x-lower", "a"],
    ["X-LOWER", "b"],
    ["X-Lower", "c"],
  ],
  Array.from({ length: 40 }, (_, i) => [`X-Field-${i}`, `value ${i}`] as const),
  [["X-Long", "long ".repeat(1_200)]],
  [
    ["X-Colon", "a:b: c"],
    ["X-Spaces", "  two before, two after  "],
  ],
  // No space after the colon, a value that is no UTF-8, and a block without any field.
  utf8.encode("NATS/1.0\r\nTight:value\r\nOther:  wide\r\n\r\n"),
  Uint8Array.of(...utf8.encode("NATS/1.0\r\nX-Raw: "), 0xff, 0xfe, 0x80, 0x01, ...utf8.encode("\r\n\r\n")),
  utf8.encode("NATS/1.0\r\n\r\n"),
];

export const headersKind: StreamKind = {
  name: "headers",
  title: "headers: duplicate names, empty and non-ASCII values, raw blocks, none at all",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "HEADERS", subjects: ["headers.>"] }, options);
    const model = new LiveModel();
    const messages = Array.from({ length: 240 }, (_, i): Outgoing => {
      const headers = headerVariety[i % headerVariety.length];
      const subject = `headers.${i % 7}`;
      model.publish(subject);
      return { subject, payload: i % 5 === 0 ? "" : `message ${i}`, ...(headers === undefined ? {} : { headers }) };
    });
    model.publish("headers.id");
    messages.push({ subject: "headers.id", payload: "once", headers: [["Nats-Msg-Id", "unique-1"]] });
    await publishAll(nc, messages);
    return { streams: [expectedOf("HEADERS", model)] };
  },
};

export const binaryKind: StreamKind = {
  name: "binary",
  title: "binary payloads: every byte value, empty, protocol look-alikes, random up to 256 KB",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "BINARY", subjects: ["binary"] }, options);
    const random = new RandomBytes("binary");
    const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const special = ["\r\n", "PING\r\n", "MSG binary 1 4\r\nfake\r\n", "NATSARC1", "NATS/1.0\r\n\r\n"];
    const payloads: Uint8Array[] = [
      new Uint8Array(0),
      allBytes,
      ...Array.from(allBytes, (byte) => Uint8Array.of(byte)),
      ...special.map((text) => utf8.encode(text)),
      new Uint8Array(4096),
      new Uint8Array(256 * 1024).fill(0x20),
      ...[1, 7, 63, 64, 65, 1023, 1024, 4095, 65_535, 65_536, 200_000].map((size) => random.next(size)),
    ];
    const model = new LiveModel();
    for (const _ of payloads) model.publish("binary");
    await publishAll(
      nc,
      payloads.map((payload) => ({ subject: "binary", payload })),
    );
    return { streams: [expectedOf("BINARY", model)] };
  },
};

export const unicodeKind: StreamKind = {
  name: "unicode-subjects",
  title: "subjects beyond ASCII, and as deep as they go",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "UNICODE", subjects: ["unicode.>", "日本.>"], allow_direct: true }, options);
    const deep = `unicode.${Array.from({ length: 30 }, (_, i) => `t${i}`).join(".")}`;
    const subjects = [
      "unicode.straße.Ärger",
      "日本.東京.渋谷",
      "unicode.🚀.🛬",
      "unicode.Ω",
      deep,
      "unicode.a$b.c-d_e=f",
    ];
    const model = new LiveModel();
    const messages = Array.from({ length: 90 }, (_, i): Outgoing => {
      const subject = subjects[i % subjects.length] ?? deep;
      model.publish(subject);
      return { subject, payload: `to ${subject}` };
    });
    await publishAll(nc, messages);
    return { streams: [expectedOf("UNICODE", model)] };
  },
};

export const multiBlockKind: StreamKind = {
  name: "multi-block",
  title: "several blocks of 8 MiB, with deletes on both sides of their borders",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "BLOCKS", subjects: ["blocks.>"] }, options);
    const random = new RandomBytes("blocks");
    const model = new LiveModel();
    const messages = Array.from({ length: 400 }, (_, i): Outgoing => {
      const subject = `blocks.${i % 3}`;
      model.publish(subject);
      return { subject, payload: random.next(64 * 1024) };
    });
    await publishAll(nc, messages);
    // A block takes 127 of these: some deletes on each side of where the borders are, some inside.
    const gone = [10, 11, 12, 120, 126, 127, 128, 129, 200, 254, 255, 256, 257, 382, 383];
    for (const [i, sequence] of gone.entries()) await deleteMessage(nc, "BLOCKS", sequence, i % 2 === 0);
    model.remove(...gone);
    return { streams: [expectedOf("BLOCKS", model)] };
  },
};

export const bigMessagesKind: StreamKind = {
  name: "big-messages",
  title: "messages of 10 MB",
  minVersion: "2.9.0",
  minPayload: 11 * 1024 * 1024,
  async create(nc, _version, options) {
    await createStream(nc, { name: "BIG", subjects: ["big"] }, options);
    const random = new RandomBytes("big");
    const model = new LiveModel();
    const size = 10 * 1000 * 1000;
    const payloads = [random.next(size), "small between", new Uint8Array(size).fill(0x61), random.next(size)];
    for (const payload of payloads) {
      model.publish("big");
      await publishAll(nc, [{ subject: "big", payload, headers: [["X-Size", `${payload.length}`]] }]);
    }
    return { streams: [expectedOf("BIG", model)] };
  },
};

export const compressedKind: StreamKind = {
  name: "compressed",
  title: "a store with compression s2, over more than one block",
  minVersion: "2.10.0",
  async create(nc, version, options) {
    await createStream(nc, { name: "COMPRESSED", subjects: ["compressed.>"], compression: "s2" }, options);
    const random = new RandomBytes("compressed");
    const model = new LiveModel();
    const messages = Array.from({ length: 300 }, (_, i): Outgoing => {
      const subject = `compressed.${i % 4}`;
      model.publish(subject);
      return { subject, payload: i % 2 === 0 ? "words that repeat ".repeat(3_000) : random.next(20_000) };
    });
    await publishAll(nc, messages);
    const gone = [1, 2, 50, 51, 199, 300];
    // On 2.10 an erase destroys the whole compressed block: see damagedCompressedKind.
    const mayErase = versionAtLeast(version, "2.11.0");
    for (const [i, sequence] of gone.entries())
      await deleteMessage(nc, "COMPRESSED", sequence, mayErase && i % 2 === 0);
    model.remove(...gone);
    return { streams: [expectedOf("COMPRESSED", model)] };
  },
};

export const memoryKind: StreamKind = {
  name: "memory",
  title: "a stream in memory, of which only 2.15 makes snapshots, and which is read message by message elsewhere",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "MEMORY", subjects: ["memory.>"], storage: "memory" }, options);
    const model = new LiveModel();
    const messages = Array.from({ length: 100 }, (_, i): Outgoing => {
      model.publish(`memory.${i % 3}`);
      return { subject: `memory.${i % 3}`, payload: `message ${i}`, headers: [["X-Number", `${i}`]] };
    });
    await publishAll(nc, messages);
    for (const sequence of [5, 6, 50]) await deleteMessage(nc, "MEMORY", sequence, false);
    model.remove(5, 6, 50);
    return { streams: [expectedOf("MEMORY", model)] };
  },
};
