import { uvarint, varint } from "./index-db-writer.ts";
import { join } from "./test-archive.ts";

export interface TestEntryV2 {
  readonly name?: string;
  readonly sequence?: number | bigint;
  readonly time?: bigint;
  readonly headers?: string;
  readonly payload?: string | Uint8Array;
}

const encoder = new TextEncoder();

/** One entry of a NATSARC1 archive, for tests. */
export function entryV2({ name = "", sequence = 0, time = 0n, headers = "", payload = "" }: TestEntryV2): Uint8Array {
  const [nameBytes, headerBytes] = [encoder.encode(name), encoder.encode(headers)];
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const head = [nameBytes.length, headerBytes.length, body.length] as const;
  const numbers = [
    ...uvarint(head[0]),
    ...varint(time),
    ...uvarint(sequence),
    ...uvarint(head[1]),
    ...uvarint(head[2]),
  ];
  return join([Uint8Array.from(numbers), nameBytes, headerBytes, body]);
}

export interface TestArchiveV2 {
  readonly state?: Readonly<Record<string, unknown>>;
  readonly consumers?: Readonly<Record<string, unknown>>;
  readonly messages?: readonly TestEntryV2[];
  /** What comes before the sentinel, as it is. */
  readonly extra?: readonly Uint8Array[];
  readonly sentinel?: Uint8Array;
}

/** A whole decoded archive; its state counts what is in it unless it says otherwise. */
export function archiveV2({ state, consumers = {}, messages = [], extra = [], sentinel }: TestArchiveV2): Uint8Array {
  const sequences = messages.map(({ sequence = 0 }) => Number(sequence));
  const counted = {
    messages: messages.length,
    bytes: 0,
    first_seq: sequences[0] ?? 0,
    first_ts: "0001-01-01T00:00:00Z",
    last_seq: sequences.at(-1) ?? 0,
    last_ts: "0001-01-01T00:00:00Z",
    consumer_count: Object.keys(consumers).length,
    ...state,
  };
  return join([
    encoder.encode("NATSARC1"),
    entryV2({ name: "state.json", time: 5n, payload: JSON.stringify(counted) }),
    ...Object.entries(consumers).map(([name, content]) => {
      const payload = typeof content === "string" ? content : JSON.stringify(content);
      return entryV2({ name: `consumers/${name}`, time: 5n, payload });
    }),
    ...messages.map((message) => entryV2({ name: "a.subject", time: 1_700_000_000_000_000_000n, ...message })),
    ...extra,
    sentinel ?? new Uint8Array(5),
  ]);
}
