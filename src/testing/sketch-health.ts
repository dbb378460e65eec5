import assert from "node:assert/strict";
import { emptyLedger, type Ledger, type LedgerServer } from "../cluster/ledger.ts";
import { mergeLedger } from "../cluster/merge-ledger.ts";
import type { ConsumerPicture, MetaPicture, ReplicaPicture, Sample, StreamPicture } from "../cluster/picture.ts";
import type { BackupCover } from "../cluster/plan/plan-request.ts";
import { isSeen } from "../cluster/unseen.ts";
import type { VerifiedStream } from "../cluster/verify/verified-stream.ts";
import { sketchPicture, sketchSample, type sketchServer, sketchStream } from "./sketch-cluster.ts";

// A healthy cluster, and what may be wrong with it: for the checks of `relight cluster doctor`.

export const three = ["n1", "n2", "n3"];
export const whole = { peers: ["+n1", "+n2", "+n3"], leader: "n1" } as const;
export const replica = (
  server: string,
  lastSeq: number,
  messages = lastSeq,
  lost = 0,
  bytes = 100 * messages,
): ReplicaPicture => ({
  server,
  state: { messages, bytes, firstSeq: 1, lastSeq, deleted: 0 },
  lost,
  leader: "n1",
});
export const good = sketchStream("S", whole, { replicas: three.map((name) => replica(name, 10)) });
export const plain = sketchSample(three, [good]);
export const healthy: Sample = { ...plain, servers: plain.servers.map((server) => ({ ...server, version: "2.15.1" })) };
export const withStream = (changes: Partial<StreamPicture>): Sample => sketchSample(three, [{ ...good, ...changes }]);
export const withServers = (changes: Parameters<typeof sketchServer>[1], from = healthy): Sample => ({
  ...from,
  servers: from.servers.map((server, index) => (index === 0 ? { ...server, ...changes } : server)),
});
export function withMeta(changes: Partial<MetaPicture>): Sample {
  assert.ok(isSeen(healthy.meta));
  return { ...healthy, meta: { ...healthy.meta, ...changes } };
}
export const jetstreamOf = (sample: Sample) => {
  const jetstream = sample.servers[0]?.jetstream;
  assert.ok(jetstream && isSeen(jetstream));
  return jetstream;
};

export const ghost = { name: null, peer: "44jzkV9D", standing: { unseen: "not-told" } } as const;

export const now = "2026-01-01T12:00:00Z";
export const empty = { messages: 0, bytes: 0, firstSeq: 0, lastSeq: 0, deleted: 0 };
export const backup = (lastSeq: number): BackupCover => ({
  account: "APP",
  stream: "S",
  path: "./all/S",
  created: null,
  takenAt: "2026-01-01T11:00:00Z",
  lastSeq,
  messages: lastSeq,
  consumers: null,
  settings: null,
  proven: true,
});
export const verified: VerifiedStream = {
  account: "APP",
  stream: "S",
  verdict: "proven",
  reason: "",
  leader: "n1",
  content: null,
  replicas: [],
};
/** What was seen of the healthy cluster a while ago, and of n3. */
export function remembered(n3: Partial<LedgerServer>): Ledger {
  const ledger = mergeLedger(emptyLedger, sketchPicture(healthy));
  return { ...ledger, servers: ledger.servers.map((server) => (server.name === "n3" ? { ...server, ...n3 } : server)) };
}

export const inMemory = sketchStream("TMP", { peers: ["+n1"], leader: "n1" });
export const memoryOnly: StreamPicture = {
  ...inMemory,
  config: isSeen(inMemory.config) ? { ...inMemory.config, storage: "memory" } : inMemory.config,
};
export const consumer: ConsumerPicture = {
  name: "billing",
  durable: true,
  replicas: 1,
  storage: "file",
  ackPolicy: "explicit",
  leader: "n1",
  peers: [],
  delivered: 5,
  ackFloor: 5,
  ackPending: 0,
};
