import fc from "fast-check";
import type { LedgerStream } from "../cluster/ledger.ts";
import type { Sample, StreamPicture } from "../cluster/picture.ts";
import type { BackupCover, PlanRequest } from "../cluster/plan/plan-request.ts";
import type { PeerSketch } from "./sketch-cluster.ts";
import { backup, before, remembered, replicated, sketchRequest, unanswered } from "./sketch-situation.ts";

const all = ["n1", "n2", "n3", "n4", "n5", "n6", "n7"];
const versions = ["2.9.25", "2.10.27", "2.11.10", "2.12.4", "2.14.6", "2.15.1"];

const mostly = fc.integer({ min: 0, max: 9 });

/** How one stream is, but for what follows from its servers. */
const streamDraft = fc.record({
  peers: fc.shuffledSubarray(all, { minLength: 1, maxLength: 5 }),
  lastSeq: fc.integer({ min: 0, max: 3 }),
  remembers: mostly,
  rememberedSeq: fc.integer({ min: 0, max: 3 }),
  backupSeq: fc.integer({ min: 0, max: 3 }),
  backedUp: mostly,
  proven: mostly,
  released: mostly,
  allowDirect: fc.boolean(),
  wanted: fc.constantFrom(null, 1, 2, 3, 5),
  rivals: fc.integer({ min: 0, max: 29 }),
  uneven: mostly,
  leaderlessMs: fc.constantFrom(null, 5_000, 60_000),
  stepDown: fc.boolean(),
  movingMs: fc.constantFrom(5_000, 900_000),
  created: fc.integer({ min: 0, max: 14 }),
});

/** Pictures of clusters in every kind of trouble, with what is remembered, backed up and said; also such as no cluster shows. */
export const randomRequest: fc.Arbitrary<PlanRequest> = fc
  .record({
    size: fc.integer({ min: 3, max: 7 }),
    version: fc.constantFrom(...versions),
    other: fc.constantFrom(null, null, null, ...versions),
    silent: fc.subarray(all, { maxLength: 3 }),
    flagged: fc.subarray(all),
    gone: fc.subarray(all),
    drain: fc.subarray(all, { maxLength: 1 }),
    silentMs: fc.constantFrom(3_000, 25_000, 200_000, 700_000),
    withoutSpare: fc.boolean(),
    streams: fc.array(streamDraft, { maxLength: 4 }),
    starting: fc.integer({ min: 0, max: 19 }),
    off: fc.integer({ min: 0, max: 19 }),
    rivals: fc.integer({ min: 0, max: 29 }),
    answeredBefore: fc.integer({ min: 0, max: 14 }),
    metaBefore: fc.integer({ min: 0, max: 14 }),
    staleLeader: fc.integer({ min: 0, max: 9 }),
    rescue: fc.integer({ min: 0, max: 14 }),
    pending: fc.integer({ min: 0, max: 14 }),
    blind: fc.integer({ min: 0, max: 29 }),
    single: fc.integer({ min: 0, max: 29 }),
  })
  .map((draft) => {
    const servers = all.slice(0, draft.size);
    const silent = servers.filter((name) => draft.silent.includes(name));
    const offline = silent.filter((name) => draft.flagged.includes(name));
    const living = servers.filter((name) => !silent.includes(name));
    const streams: StreamPicture[] = [];
    const memory: LedgerStream[] = [];
    const backups: BackupCover[] = [];
    const released: string[] = [];
    for (const [index, stream] of draft.streams.entries()) {
      const name = `S${index}`;
      const peers = stream.peers.filter((peer) => servers.includes(peer));
      if (peers.length === 0) continue;
      const { lastSeq, allowDirect } = stream;
      const alive = peers.filter((peer) => !silent.includes(peer));
      const led = alive.length * 2 > peers.length && stream.leaderlessMs === null;
      const sketches = peers.map((peer): PeerSketch => {
        if (!silent.includes(peer)) return `+${peer}`;
        return offline.includes(peer) ? `x${peer}` : `-${peer}`;
      });
      const changes = { lastSeq, allowDirect, wanted: stream.wanted ?? peers.length };
      const leader = led ? (alive[0] ?? null) : null;
      let picture =
        peers.length === 1 && alive.length === 0 ? unanswered(name) : replicated(name, sketches, leader, changes);
      if (stream.rivals === 0) picture = { ...picture, claimants: peers.slice(0, 2) };
      if (stream.created === 0) picture = { ...picture, created: "2026-01-01T11:00:00Z" };
      if (stream.uneven === 0 && Array.isArray(picture.replicas)) {
        const [first, ...rest] = picture.replicas as readonly { readonly state: { readonly lastSeq: number } }[];
        if (first) {
          const more = { ...first, state: { ...first.state, lastSeq: first.state.lastSeq + 1 } };
          picture = { ...picture, replicas: [more, ...rest] as unknown as StreamPicture["replicas"] };
        }
      }
      streams.push(picture);
      if (stream.remembers > 2) {
        const troubles = {
          leaderlessSince: stream.leaderlessMs === null ? null : before(stream.leaderlessMs),
          stepDownAt: stream.leaderlessMs === null || !stream.stepDown ? null : before(stream.leaderlessMs),
          movingSince: before(stream.movingMs),
        };
        memory.push(remembered(name, peers, { lastSeq: stream.rememberedSeq, ...troubles }));
      }
      if (stream.backedUp > 3) backups.push(backup(name, stream.backupSeq, { proven: stream.proven > 1 }));
      if (stream.released === 0) released.push(`APP/${name}`);
    }
    const [first = "n1", second = "n2"] = living;
    const size = servers.length;
    const rivals = [first, second].map((server) => ({ server, leader: server, size }));
    return sketchRequest({
      version: draft.version,
      servers: servers.map((name) => (silent.includes(name) ? `!${name}` : name)),
      offline,
      staleLeader: draft.staleLeader === 0,
      silentMs: draft.silentMs,
      streams,
      memory,
      backups,
      words: {
        gone: draft.gone.filter((name) => servers.includes(name) && (silent.includes(name) || draft.starting === 1)),
        drain: draft.drain,
        withoutSpare: draft.withoutSpare,
        released,
      },
      meta: {
        ...(draft.rivals === 0 ? { claims: rivals } : {}),
        ...(draft.rescue === 0 ? { rescue: true } : {}),
        ...(draft.pending === 0 ? { pending: 2 } : {}),
      },
      server: {
        ...(draft.starting === 0
          ? { [first]: { health: { ok: false, errors: ["JetStream is not current with the meta leader"] } } }
          : {}),
        ...(draft.off === 0 ? { [second]: { jetstream: { unseen: "no-answer" } } } : {}),
        ...(draft.other === null ? {} : { [first]: { version: draft.other } }),
      },
      earlier: (sample) => {
        if (draft.single === 0) return null;
        let earlier: Sample = sample;
        if (draft.answeredBefore === 0) {
          earlier = { ...earlier, servers: earlier.servers.map((server) => ({ ...server, answers: true })) };
        }
        if (draft.metaBefore === 0) {
          earlier = { ...earlier, meta: { ...earlier.meta, claims: rivals } as Sample["meta"] };
        }
        return earlier;
      },
      later: (sample) =>
        draft.blind === 0
          ? {
              ...sample,
              accounts: sample.accounts.map((one) => ({ ...one, inventory: { unseen: "no-answer" } as const })),
            }
          : sample,
    });
  });
