import type { NatsConnection } from "@nats-io/nats-core";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { Sample, Sight } from "../picture.ts";
import { isUnseen, type Known, seenOr, type Unseen } from "../unseen.ts";
import { type AccountView, askStreams, listAccount } from "./account-view.ts";
import { everyoneAnswered, gatherServers } from "./gather-servers.ts";
import { type AskedAccount, heldStreams, ownAccount, pictureAccounts } from "./picture-accounts.ts";
import { pictureMeta } from "./picture-meta.ts";
import { lookAsSystem, type SystemView } from "./system-view.ts";

export interface ObserveOptions {
  /** The account's API. Without it only what living servers hold is seen. */
  readonly account?: JetStreamApi | undefined;
  /** The same of further accounts. */
  readonly others?: readonly JetStreamApi[] | undefined;
  /** A connection of the system account. Without it only the account's own streams are seen, and no server of itself. */
  readonly system?: NatsConnection | undefined;
  /** How long PINGs are waited for where a server is missing, in ms. Default 2000. */
  readonly pingMs?: number | undefined;
  /** How long one stream may take to answer, in ms. Default 2000. */
  readonly streamMs?: number | undefined;
  /** An earlier look: its servers are missed where they do not answer any more. */
  readonly earlier?: Sample | undefined;
  /**
   * Wait for the servers that answered in `earlier`, and a moment more for others, streams that did not answer then among them: for
   * looks that follow one another quickly, where the servers count one that died for minutes, and each look would wait for it.
   */
  readonly brief?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long a stream may take to answer in a brief look that did not answer in the look before. */
const briefSilentMs = 500;

/**
 * Looks at a cluster once. Whatever does not answer is a value of the picture, not an error; it throws only CANCELLED, and
 * takes a few seconds where something is dead.
 */
export async function observeCluster(options: ObserveOptions): Promise<Sample> {
  const { account, others = [], system, pingMs, streamMs = 2_000, earlier, brief, signal } = options;
  const expected = brief && earlier ? namesOfAnswering(earlier) : undefined;
  const start = Date.now();
  const noSystem: Unseen = { unseen: "no-system-credential" };
  const looking: Promise<Known<SystemView>> = system
    ? lookAsSystem(system, { pingMs, expected, askDomain: () => domainOf(account), signal })
    : Promise.resolve(noSystem);
  const apis = account ? [account, ...others] : others;
  const [view, ...lists] = await Promise.all([looking, ...apis.map((api) => listAccount(api, system))]);
  const asked = await Promise.all(
    lists.map((listed, index) => ask(apis[index] as JetStreamApi, listed, view, options)),
  );
  const accounts = await pictureAccounts({ system: view, asked, timeoutMs: streamMs });
  const meta = isUnseen(view) ? view : pictureMeta(view.servers);
  const servers = gatherServers({ view, meta, accounts, earlier });
  const names = asked.map((one) => ownAccount(view, one.view));
  const noAccount: Unseen = { unseen: "no-account-credential" };
  const answers = isUnseen(view) ? view : ("answers" as const);
  const sight: Sight = {
    system: answers,
    allServersAnswered: isUnseen(view) ? view : everyoneAnswered(view, servers, meta),
    account: account ? (names[0] ?? noAccount) : noAccount,
    others: account ? names.slice(1) : names,
  };
  return { takenAt: new Date(start).toISOString(), tookMs: Date.now() - start, sight, servers, meta, accounts };
}

/** Asks an account for its streams: those that it lists, those that living servers hold, and those that it had in the look before. */
async function ask(
  api: JetStreamApi,
  listed: Omit<AccountView, "streams">,
  view: Known<SystemView>,
  { streamMs = 2_000, earlier, brief, signal }: ObserveOptions,
): Promise<AskedAccount> {
  const name = seenOr(listed.account, undefined);
  // While the meta group has no leader nobody lists the streams, and those on dead servers would drop out of sight.
  const known = earlier?.accounts.find((one) => one.name === name)?.streams ?? [];
  const before = known.map((stream) => stream.name);
  const silent = new Set(
    known.flatMap((stream) => (brief && /timeout|offline/.test(stream.answer.kind) ? [stream.name] : [])),
  );
  const also = name === undefined ? [] : [...heldStreams(view, name), ...before];
  const silentMs = Math.min(streamMs, briefSilentMs);
  return { api, view: await askStreams(api, listed, { streamMs, silentMs, silent, also, signal }) };
}

/** The domain of the JetStream that answers an account. */
async function domainOf(account: JetStreamApi | undefined): Promise<string | undefined> {
  const info = await account?.request<{ readonly domain?: string }>("INFO").catch(() => undefined);
  return info?.domain;
}

function namesOfAnswering({ servers }: Sample): ReadonlySet<string> {
  return new Set(servers.filter(({ answers }) => answers === true).map(({ name }) => name));
}
