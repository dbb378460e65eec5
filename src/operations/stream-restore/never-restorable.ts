import type { AccountInfo } from "../../jetstream/api-types.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";
import { planRestore } from "./plan-restore.ts";
import type { StoredStream } from "./read-backup.ts";
import type { Refusal } from "./restore-plan.ts";

/** Refusals that no free name, no room and no time changes: what the server version and the backup are. */
const forGood: ReadonlySet<string> = new Set([
  "source-fields",
  "memory-mirror",
  "memory-headers",
  "memory-interest",
  "memory-gaps",
  "memory-storage",
  "sequences-restart",
  "config",
  "max-age",
]);

/** An account that nothing is refused for. */
const boundless: AccountInfo = {
  memory: 0,
  storage: 0,
  streams: 0,
  consumers: 0,
  limits: { max_memory: -1, max_storage: -1, max_streams: -1, max_consumers: -1 },
};

/**
 * Why a backup could not be restored to a cluster of this version whatever else is so, by what its manifest says; undefined: nothing is
 * known against it. `nowMs`: what has expired by then is not there any more. Pure.
 */
export function neverRestorable(
  { config, manifest }: Pick<StoredStream, "config" | "manifest">,
  version: ServerVersion,
  nowMs: number,
): Refusal | undefined {
  const facts = manifest?.content;
  if (config === undefined || facts === undefined) return undefined;
  const maxAgeMs = Number(config.max_age ?? 0) / 1e6;
  const last = facts.lastTime === null ? Number.NaN : Date.parse(facts.lastTime);
  const expired = maxAgeMs > 0 && last + maxAgeMs < nowMs ? facts.messages : 0;
  const target = { version, clustered: true, account: boundless, streams: [], missing: [], maxPayload: 2 ** 30 };
  const { refusals } = planRestore({ config, facts, expired }, target, { ifExists: "fail" });
  return refusals.find(({ code }) => forGood.has(code));
}
