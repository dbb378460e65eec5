import { peerIdOf } from "../cluster/peer-id.ts";
import type { AccountPicture, PeerPicture, Picture, Sample, ServerPicture, StreamPicture } from "../cluster/picture.ts";
import type { Known } from "../cluster/unseen.ts";

/** How a peer of a sketched group is: "+" current, "~" behind, "-" silent for 25 s, "x" offline by the server's own verdict. */
export type PeerSketch = `${"+" | "~" | "-" | "x"}${string}`;

export function sketchPeer(sketch: PeerSketch): PeerPicture {
  const name = sketch.slice(1);
  const [mark] = sketch;
  const heard = mark === "+" || mark === "~";
  return {
    name,
    peer: peerIdOf(name),
    standing: {
      current: mark === "+",
      offline: mark === "x",
      activeMs: heard ? 400 : 25_000,
      lag: mark === "~" ? 30 : 0,
    },
  };
}

/** A server that answers ("n1") or does not ("!n1"). */
export function sketchServer(sketch: string, changes: Partial<ServerPicture> = {}): ServerPicture {
  const answers = !sketch.startsWith("!");
  const name = sketch.replace("!", "");
  const known = <T>(value: T): Known<T> => (answers ? value : { unseen: "no-answer" });
  return {
    name,
    peer: peerIdOf(name),
    answers,
    lastSeen: answers ? "2026-01-01T00:00:00Z" : null,
    id: known(`ID-${name}`),
    version: known("2.10.27"),
    cluster: known("C"),
    domain: known(null),
    tags: known([]),
    clockSkewMs: known(0),
    jetstream: known({
      enabled: true,
      maxStorage: 1e9,
      maxMemory: 1e8,
      usedStorage: 0,
      reservedStorage: 0,
      freeStorage: 1e9,
      haAssets: 1,
      streams: 1,
      consumers: 0,
      syncIntervalMs: 120_000,
      uniqueTag: null,
      pendingApi: 0,
    }),
    health: known({ ok: true, errors: [] }),
    ...changes,
  };
}

/** A stream of the account APP that was asked for and answered; R from `replicas`, or the number of its peers. */
export function sketchStream(
  name: string,
  { peers = [], leader = null, replicas = peers.length }: StreamSketch = {},
  changes: Partial<StreamPicture> = {},
): StreamPicture {
  return {
    account: "APP",
    name,
    answer: { kind: "answered" },
    config: {
      replicas,
      storage: "file",
      retention: "limits",
      placement: null,
      maxBytes: -1,
      allowDirect: false,
      sealed: false,
      mirror: null,
      sources: [],
    },
    created: "2026-01-01T00:00:00Z",
    raftGroup: replicas > 1 ? `S-${name}` : null,
    leader,
    claimants: leader === null ? [] : [leader],
    peers: peers.map(sketchPeer),
    state: { messages: 10, bytes: 100, firstSeq: 1, lastSeq: 10, deleted: 0 },
    replicas: { unseen: "no-system-credential" },
    desired: null,
    consumers: [],
    ...changes,
  };
}

export interface StreamSketch {
  readonly peers?: readonly PeerSketch[];
  readonly leader?: string | null;
  readonly replicas?: number;
}

/** A sample of one account APP, seen with both credentials. */
export function sketchSample(
  servers: readonly string[],
  streams: readonly StreamPicture[],
  changes: Partial<Sample> = {},
): Sample {
  const account: AccountPicture = { name: "APP", inventory: "complete", streams };
  const pictures = servers.map((server) => sketchServer(server));
  const living = pictures.filter(({ answers }) => answers === true);
  return {
    takenAt: "2026-01-01T00:00:00Z",
    tookMs: 100,
    sight: { system: "answers", allServersAnswered: living.length === pictures.length, account: "APP", others: [] },
    servers: pictures,
    meta: {
      leader: living[0]?.name ?? null,
      whyNoLeader: null,
      claims: living.map(({ name }) => ({ server: name, leader: living[0]?.name ?? null, size: pictures.length })),
      size: pictures.length,
      quorumNeeded: Math.floor(pictures.length / 2) + 1,
      peers: pictures.map(({ name, answers }) => sketchPeer(`${answers === true ? "+" : "-"}${name}`)),
      rescue: false,
      pending: { unseen: "not-told" },
    },
    accounts: [account],
    ...changes,
  };
}

export function sketchPicture(later: Sample, earlier: Sample | null = later): Picture {
  return { format: "relight-cluster-picture", formatVersion: 1, earlier, later };
}
