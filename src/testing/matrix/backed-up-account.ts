import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Session } from "../../jetstream/session.ts";
import { backupAccount } from "../../operations/account-backup/backup-account.ts";
import { unexpectedIn } from "../expected-stream.ts";
import { readStream, type StreamContents } from "../read-stream.ts";
import type { ExpectedStream, StreamKind } from "../stream-kind.ts";
import type { CreatedKind } from "../stream-kinds.ts";

/** One stream of a kind, as it was when its backup was made. */
export interface BackedUpStream {
  readonly name: string;
  readonly kind: StreamKind;
  readonly before: StreamContents;
  /** Of its backup. */
  readonly directory: string;
  readonly format: "v1" | "v2";
}

export interface BackedUpAccount {
  /** Of the server that the account was on. */
  readonly version: string;
  readonly clustered: boolean;
  readonly directory: string;
  /** In the order of creation: origins before the streams that copy from them. */
  readonly streams: readonly BackedUpStream[];
}

/**
 * Reads every stream of the kinds, backs up the whole account into `directory`, and makes sure that the streams are what
 * their kinds say. Throws where a backup fails.
 */
export async function backUpAccount(
  session: Session,
  nc: NatsConnection,
  created: readonly CreatedKind[],
  directory: string,
): Promise<BackedUpAccount> {
  const version = session.api.serverVersion.text;
  const contents = new Map<string, StreamContents>();
  for (const { facts } of created) {
    for (const expected of facts.streams) {
      contents.set(expected.name, await readAsExpected(nc, expected));
    }
  }
  const { results } = await backupAccount(session, { directory, tool: "relight test" });
  const streams: BackedUpStream[] = [];
  for (const { kind, facts } of created) {
    for (const { name } of facts.streams) {
      const result = results.find((one) => one.stream === name);
      const before = contents.get(name);
      if (!result || !before) throw new Error(`the backup of the account left out ${name}`);
      if (result.status === "failed") throw new Error(`the backup of ${name} failed: ${result.error.message}`);
      const { format } = result.result.manifest.archive;
      streams.push({ name, kind, before, directory: join(directory, name), format });
    }
  }
  return { version, clustered: Boolean(nc.info?.cluster), directory, streams };
}

/** In a cluster what was acknowledged leaves a work queue a while later: so long it is waited for, in ms. */
const settleMs = 30_000;

async function readAsExpected(nc: NatsConnection, expected: ExpectedStream): Promise<StreamContents> {
  const until = Date.now() + settleMs;
  for (;;) {
    const before = await readStream(nc, expected.name);
    const unexpected = unexpectedIn(before, expected);
    if (unexpected.length === 0) return before;
    if (Date.now() > until) throw new Error(`before the backup: ${unexpected.join("; ")}`);
    await sleep(500);
  }
}

/** Deletes every stream of the account; of the kinds, those that copy before their origins. */
export async function deleteAccount(session: Session, created: readonly CreatedKind[] = []): Promise<void> {
  const names = created.flatMap(({ facts }) => facts.streams.map((stream) => stream.name));
  // In a cluster a deleted stream is listed for a moment longer.
  const until = Date.now() + 20_000;
  for (;;) {
    const left = await session.api.streamNames();
    if (left.length === 0) return;
    if (Date.now() > until) throw new Error(`still there after the deletion: ${left.join(", ")}`);
    const others = left.filter((name) => !names.includes(name));
    for (const name of [...others, ...names.toReversed()].filter((one) => left.includes(one))) {
      await session.api.deleteStream(name);
    }
    await sleep(50);
  }
}
