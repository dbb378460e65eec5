import type { StreamConfig } from "../../jetstream/api-types.ts";

/**
 * Orders streams so that origins come before the streams that mirror or source them: a mirror that starts first would
 * find nothing, or the wrong sequences. Streams in a cycle keep the order they came in. Pure.
 */
export function restoreOrder<T extends { readonly config: StreamConfig }>(streams: readonly T[]): T[] {
  const byName = new Map(streams.map((item) => [item.config.name, item]));
  const ordered: T[] = [];
  const state = new Map<string, "visiting" | "done">();
  const visit = (item: T): void => {
    const { name } = item.config;
    if (state.has(name)) return;
    state.set(name, "visiting");
    for (const origin of originNames(item.config)) {
      const other = byName.get(origin);
      if (other) visit(other);
    }
    state.set(name, "done");
    ordered.push(item);
  };
  for (const item of streams) visit(item);
  return ordered;
}

/** Names of the streams of the same account that a stream copies from. */
export function originNames(config: StreamConfig): string[] {
  const local = [...(config.mirror ? [config.mirror] : []), ...(config.sources ?? [])].filter(
    (source) => !source.external,
  );
  return local.map((source) => source.name);
}
