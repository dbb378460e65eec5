import { join } from "node:path";
import { isStreamName } from "../../formats/directory/backup-json.ts";
import { subjectsOverlap } from "../../formats/subjects/subject-overlap.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import type { Refusal } from "../stream-restore/restore-plan.ts";
import type { ExtractPlan, ExtractSource, ExtractWishes, Self, StorePicture } from "./extract-plan.ts";
import { extractedConfig, laterThan29 } from "./extracted-config.ts";
import { accountFault, streamNameFault } from "./safe-names.ts";
import { settleConsumer } from "./settle-consumer.ts";
import { jetStreamDirectory, streamsDirectory } from "./store-layout.ts";
import { storeRefusals } from "./store-refusals.ts";

/** The account that a server without accounts uses. */
export const globalAccount = "$G";

/** Of an account, as servers in operator mode call it. */
const publicKey = /^A[A-Z2-7]{55}$/;
/** Gaps from here on take a server long that looks through them one by one. */
const hugeGap = 1_000_000;
/** Uncompressed bytes that a server takes seconds to read. */
const longToRead = 512 * 1024 * 1024;
/** Deleted sequences up to which the last one is noted in the block of the last message, where 2.9 finds it. */
const blockGap = 1024;
/** nats-server's own. */
const defaultDuplicateWindowNs = 120e9;

/** Works out what an extraction would do, and every reason why it would fail or lose something. Pure. */
export function planExtract(
  source: ExtractSource,
  store: StorePicture,
  wishes: ExtractWishes,
  self: Self,
): ExtractPlan {
  const { facts } = source;
  const { version } = wishes;
  const account = wishes.account ?? globalAccount;
  const { config, subjectRules, changes, lostOfSources } = extractedConfig(source, wishes);
  const stream = config.name;
  const notes: string[] = [];
  const refusals: Refusal[] = [...storeRefusals(store, self)];
  const refuse = (code: string, text: string, cure: string): void => {
    refusals.push({ code, text, cure });
  };

  const badAccount = accountFault(account);
  if (badAccount) refuse("account", `"${account}" is no account: ${badAccount}`, "Pass --account with its exact name.");
  const keys = store.accounts.filter((name) => publicKey.test(name));
  if (account === globalAccount && keys.length > 0 && !store.accounts.includes(globalAccount)) {
    refuse(
      "account",
      `the store is of a server in operator mode, which has no account ${globalAccount}`,
      `Pass --account ${keys.length === 1 ? keys[0] : `with one of ${keys.join(", ")}`}.`,
    );
  }
  const badName = streamNameFault(stream);
  if (badName) refuse("name", `"${stream}" cannot be a stream's name: ${badName}`, "Pass --name with another one.");
  if (store.streams.some(({ name }) => name === stream)) {
    refuse(
      "exists",
      `Stream "${stream}" already exists in ${store.directory}`,
      "Take another store; or another name with --name, which needs other subjects too.",
    );
  }
  for (const { name, subjects } of store.streams) {
    const clash = (config.subjects ?? []).flatMap((ours) =>
      (subjects ?? [])
        .filter((theirs) => name !== stream && subjectsOverlap(ours, theirs))
        .map((theirs) => [ours, theirs]),
    )[0];
    if (!clash) continue;
    refuse(
      "subjects",
      `subject "${clash[0]}" overlaps with "${clash[1]}" of stream "${name}": the server would leave out one of the two`,
      "Give the archive other subjects first (relight archive convert --subject-map), or take another store.",
    );
  }
  if (lostOfSources.length > 0) {
    refuse(
      "source-fields",
      `nats-server ${version?.text} does not know ${lostOfSources.join(", ")}: the stream would copy other messages than it was made for`,
      "Restore through a server, with a configuration of your own (relight stream restore --config).",
    );
  }
  const maxAge = config.max_age ?? 0;
  if (maxAge > 0 && source.expired > 0) {
    const text = `max_age would remove ${source.expired} of ${facts.messages} messages when the server starts`;
    const cure = "Pass --lift-max-age to keep them, and set max_age again when you have what you need.";
    if (source.expired === facts.messages) refuse("max-age", `${text}: the stream would be empty`, cure);
    else notes.push(`${text}; --lift-max-age keeps them`);
  }

  const rules = version && versionRules(version);
  const emptyAs29 = rules !== undefined && !rules.readsDeletes && facts.messages === 0;
  notes.push(...versionNotes(source, config, version));
  if (!version && !store.indexed && !store.encrypted && facts.decodedBytes > longToRead) {
    notes.push(
      "the server reads all messages once when it starts; with --for-server and its version, from 2.10 on, it need not",
    );
  }
  // As every edit leaves them out.
  const consumers = facts.consumers.filter(({ name }) => isStreamName(name));
  for (const { name } of facts.consumers) {
    if (!isStreamName(name)) changes.push(`consumer "${name}" is left out: no server takes its name`);
  }
  for (const consumer of consumers) {
    changes.push(
      ...settleConsumer(consumer.config, version).changes.map((change) => `consumer "${consumer.name}": ${change}`),
    );
  }
  const restoredOrigins = originsTogether(config, wishes);
  notes.push(
    ...contentNotes(source, config),
    ...sourceNotes(config, wishes, restoredOrigins),
    ...storeNotes(store, account),
  );
  return {
    action: refusals.length > 0 ? "refuse" : "extract",
    stream,
    account,
    path: join(store.directory, jetStreamDirectory, account, streamsDirectory, stream),
    directory: store.directory,
    format: facts.format,
    config,
    created: source.created ?? new Date(source.now).toISOString(),
    owner: self?.uid === 0 && store.owner && store.owner.uid !== 0 ? store.owner : undefined,
    // A server of 2.9 would leave it as it is, and one of 2.10 believe it when that comes. An encrypted one is not ours to write.
    index: !store.encrypted && (rules?.readsDeletes ?? store.indexed),
    emptyAs29,
    subjectRules,
    restoredOrigins,
    changes,
    notes,
    refusals,
    expected: {
      messages: facts.messages,
      firstSequence: facts.firstSequence,
      lastSequence: facts.lastSequence,
      streamLastSequence: facts.streamLastSequence,
      consumers: consumers.map((consumer) => consumer.name),
    },
  };
}

/** What depends on which server will be started. */
function versionNotes({ facts }: ExtractSource, config: StreamConfig, version: ServerVersion | undefined): string[] {
  const notes: string[] = [];
  const { messages, lastSequence, streamLastSequence } = facts;
  const readsDeletes = version !== undefined && versionRules(version).readsDeletes;
  if (!readsDeletes && messages > 0 && streamLastSequence - lastSequence > blockGap) {
    notes.push(
      `the stream's last sequence is ${streamLastSequence}; nats-server 2.9 does not find that so far behind the last message, ` +
        `and numbers on from ${lastSequence}`,
    );
  }
  if (version) return notes;
  if (messages === 0 && streamLastSequence > 0) {
    notes.push(
      `the stream is empty and goes on after ${streamLastSequence}; nats-server 2.9 finds that only with --for-server 2.9`,
    );
  }
  const late = laterThan29(config);
  if (late.length > 0) {
    notes.push(
      `${late.join(", ")} in the configuration: a server that does not know this may not start the stream; ` +
        "pass --for-server with the version of the one that will be started",
    );
  }
  return notes;
}

/** A server that begins a source anew where that one's creation time is not the one it knew; any may be started where none is named. */
const remembersOrigins = ({ version }: ExtractWishes): boolean =>
  version === undefined || versionRules(version).remembersOrigins;

/** Origins that hold again what they held, though they may be new to the server: see formats/archive/source-progress.ts. */
function originsTogether(config: StreamConfig, wishes: ExtractWishes): ExtractPlan["restoredOrigins"] {
  if (!remembersOrigins(wishes)) return undefined;
  const origins = (config.sources ?? []).flatMap(({ name, external }) => {
    const last = external ? undefined : wishes.together?.get(name);
    return last === undefined ? [] : [[name, last] as const];
  });
  return origins.length > 0 ? Object.fromEntries(origins) : undefined;
}

/** What the server will copy when it starts. */
function sourceNotes(config: StreamConfig, wishes: ExtractWishes, together: ExtractPlan["restoredOrigins"]): string[] {
  const sources = config.sources ?? [];
  if (config.mirror == null && sources.length === 0) return [];
  const notes = ["the stream copies from other streams, and goes on doing so as soon as the server starts"];
  const others = sources.filter(({ name }) => together?.[name] === undefined).map(({ name }) => name);
  if (others.length > 0 && remembersOrigins(wishes)) {
    notes.push(
      `where ${others.join(", ")} has another creation time than it had, nats-server 2.15 copies all of it again: extract what ` +
        "copies and what it copies from together, by giving the directory that holds both backups",
    );
  }
  return notes;
}

/** What the server will do with the messages when it starts. */
function contentNotes({ facts, created, now }: ExtractSource, config: StreamConfig): string[] {
  const notes: string[] = [];
  if (created === undefined) notes.push("the backup does not say when the stream was created: it will have been now");
  if (facts.ttlMessages > 0 && config.allow_msg_ttl) {
    notes.push(`${facts.ttlMessages} messages have a time to live of their own; those that have expired are dropped`);
  }
  const queue = config.retention === "workqueue" || config.retention === "interest";
  if (queue && facts.acknowledged > 0) {
    notes.push(
      `up to ${facts.acknowledged} messages that a consumer has acknowledged are dropped, as the stream is a queue`,
    );
  }
  const window = Number(config.duplicate_window ?? 0) || defaultDuplicateWindowNs;
  const until = facts.lastTime === null ? 0 : Date.parse(facts.lastTime) + window / 1e6;
  if (facts.largestGap > hugeGap && until > now) {
    notes.push(
      `${facts.largestGap} sequences in a row are missing, which a server looks through one by one for recent messages: ` +
        `start it after ${new Date(until).toISOString()}`,
    );
  }
  return notes;
}

function storeNotes({ encrypted, accounts, users, streams }: StorePicture, account: string): string[] {
  const notes: string[] = [];
  if (encrypted)
    notes.push(
      "the store is encrypted: the server encrypts the stream when it starts, with that time as its creation; until then it is plain",
    );
  if (!accounts.includes(account) && (account !== globalAccount || accounts.length > 0)) {
    notes.push(
      `the store has nothing of account "${account}" yet: the server takes the stream up if it has such an account` +
        (accounts.length > 0 ? `; it holds ${accounts.join(", ")}` : ""),
    );
  }
  const unread = streams.filter(({ subjects }) => subjects === undefined).map(({ name }) => name);
  if (unread.length > 0) {
    notes.push(
      `streams whose description cannot be read were not checked for overlapping subjects: ${unread.join(", ")}`,
    );
  }
  if (!users.checked) {
    notes.push("whether a server uses the store cannot be told on this system: it must be stopped");
  }
  for (const { program, pid, evidence } of users.unclear) {
    notes.push(`${program} (process ${pid}) may use this store: it ${evidence}; it must be stopped then`);
  }
  return notes;
}
