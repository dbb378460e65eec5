import type { StreamConfig } from "../../jetstream/api-types.ts";
import { originsFirst } from "../../jetstream/origins-first.ts";

/**
 * Orders streams so that origins come before the streams that mirror or source them: a mirror that starts first would
 * find nothing, or the wrong sequences. Streams in a cycle keep the order they came in. Pure.
 */
export function restoreOrder<T extends { readonly config: StreamConfig }>(streams: readonly T[]): T[] {
  return originsFirst(
    streams,
    ({ config }) => config.name,
    ({ config }) => originNames(config),
  );
}

/** Names of the streams of the same account that a stream copies from. */
export function originNames(config: StreamConfig): string[] {
  const local = [...(config.mirror ? [config.mirror] : []), ...(config.sources ?? [])].filter(
    (source) => !source.external,
  );
  return local.map((source) => source.name);
}
