import type { StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { nameless } from "../by-account.ts";
import { nameList } from "../name-list.ts";
import type { AccountPicture } from "../picture.ts";
import type { StreamPicture } from "../stream-picture.ts";
import { isSeen, isUnseen, type Known, seenOr } from "../unseen.ts";
import type { AccountView, StreamView } from "./account-view.ts";
import { inParallel } from "./in-parallel.ts";
import { pictureConsumers } from "./picture-consumers.ts";
import { pictureStream, type StreamReplica, settingsOf } from "./picture-stream.ts";
import type { AccountDetail } from "./server-answers.ts";
import type { SystemView } from "./system-view.ts";

export interface AccountsEvidence {
  readonly system: Known<SystemView>;
  /** What the accounts said that there are credentials of. */
  readonly asked: readonly AskedAccount[];
  readonly timeoutMs: number;
}

export interface AskedAccount {
  readonly api: JetStreamApi;
  readonly view: AccountView;
}

/** Streams whose consumers are asked for at a time. */
const atOnce = 16;

/** Every account that is known: those of the credentials, and all that a server holds streams of. */
export async function pictureAccounts(evidence: AccountsEvidence): Promise<readonly AccountPicture[]> {
  const { system, asked } = evidence;
  const held = heldByAccount(system);
  const own = new Map<string, AskedAccount>();
  for (const one of asked) {
    const name = seenOr(ownAccount(system, one.view), nameless);
    // Two credentials of one account tell the same.
    if (!own.has(name)) own.set(name, one);
  }
  // In operator mode servers call an account by its nametag and by its id, and the account calls itself by its id.
  const names = new Set([...held.keys(), ...own.keys()]);
  const pictures: AccountPicture[] = [];
  for (const name of [...names].sort()) {
    // Nobody misses what an account without JetStream cannot have.
    if (own.get(name)?.view.withoutJetStream && !held.has(name)) continue;
    pictures.push(await pictureAccount(name, held.get(name) ?? new Map(), own.get(name), evidence));
  }
  return pictures;
}

async function pictureAccount(
  account: string,
  held: ReadonlyMap<string, readonly StreamReplica[]>,
  asked: AskedAccount | undefined,
  { system, timeoutMs }: AccountsEvidence,
): Promise<AccountPicture> {
  const { api, view } = asked ?? {};
  const alone = isSeen(system) ? system.alone : [];
  const names = view ? listedBy(alone, view.names) : ({ unseen: "no-account-credential" } as const);
  const known = [...(view?.streams ?? [])].filter(([name, { info }]) => held.has(name) || !isFrom(alone, info));
  // One that was asked for by an old name and is held by nobody was deleted.
  const told = known.filter(([, { answer }]) => answer.kind !== "not-found");
  const all = [...new Set([...told.map(([name]) => name), ...held.keys()])].sort();
  const streams: StreamPicture[] = new Array(all.length);
  await inParallel([...all.entries()], atOnce, async ([index, name]) => {
    const replicas: Known<readonly StreamReplica[]> = isUnseen(system) ? system : (held.get(name) ?? []);
    const own: StreamView = view?.streams.get(name) ?? { answer: { kind: "not-asked" } };
    const { answer, info }: StreamView = isFrom(alone, own.info) ? { answer: elsewhere } : own;
    const config = info?.config ?? seenOr(replicas, []).find(({ detail }) => detail.config)?.detail.config;
    // Who could speak for the consumers of a stream that nobody living holds, and that did not answer itself, is dead too.
    const dead = info === undefined && view !== undefined && isSeen(replicas) && replicas.length === 0;
    const consumers = dead
      ? ({ unseen: "no-answer" } as const)
      : await pictureConsumers({
          stream: name,
          settings: config ? settingsOf(config) : { unseen: "no-answer" },
          replicas,
          api,
          mayHaveSome: !view || info === undefined || info.state.consumer_count > 0,
          timeoutMs,
        });
    streams[index] = pictureStream({ account, name, answer, info, replicas, consumers });
  });
  return { name: account, inventory: isSeen(names) ? "complete" : names, streams };
}

/** Whether an answer came from one of the servers that run JetStream by themselves. */
function isFrom(alone: readonly string[], info: StreamInfo | undefined): boolean {
  return alone.includes(info?.cluster?.leader ?? "");
}

const elsewhere = { kind: "refused", detail: "a server answered that is none of this cluster's" } as const;

/** Who listed the streams nobody can tell where a server besides this cluster's may have done it. */
function listedBy(alone: readonly string[], names: Known<readonly string[]>): Known<readonly string[]> {
  if (alone.length === 0 || isUnseen(names)) return names;
  const detail = `${nameList(alone)} ${alone.length === 1 ? "runs" : "run"} JetStream without a domain, beside this cluster, and may have answered`;
  return { unseen: "not-told", detail };
}

/**
 * The account of the ordinary credential: by its own word, or, of a server before 2.10, which does not say, the one whose streams
 * have the same names and were created at the same moments; where more than one does, or none, nobody knows.
 */
export function ownAccount(system: Known<SystemView>, { account, streams }: AccountView): Known<string> {
  if (isSeen(account)) return account;
  const told = [...streams].flatMap(([name, { info }]) => (info ? [{ name, created: info.created }] : []));
  const fitting = [...heldByAccount(system)].filter(([, own]) =>
    told.every(({ name, created }) => own.get(name)?.some(({ detail }) => detail.created === created)),
  );
  const [only] = fitting;
  return told.length > 0 && fitting.length === 1 && only ? only[0] : account;
}

type Held = Map<string, Map<string, StreamReplica[]>>;

/** Account, stream, and every server's replica of it. */
function heldByAccount(system: Known<SystemView>): Held {
  const held: Held = new Map();
  for (const { ping, jsz } of isSeen(system) ? system.servers : []) {
    for (const account of isSeen(jsz) ? (jsz.account_details ?? []) : []) {
      const streams = held.get(accountKey(account)) ?? new Map<string, StreamReplica[]>();
      held.set(accountKey(account), streams);
      for (const detail of account.stream_detail ?? []) {
        const replicas = streams.get(detail.name) ?? [];
        replicas.push({ server: ping.server.name, detail });
        streams.set(detail.name, replicas);
      }
    }
  }
  return held;
}

/** Names of the streams of one account that any server holds. */
export function heldStreams(system: Known<SystemView>, account: string): readonly string[] {
  return [...(heldByAccount(system).get(account)?.keys() ?? [])];
}

function accountKey({ id, name }: AccountDetail): string {
  return id || name;
}
