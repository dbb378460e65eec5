/**
 * Orders streams so that those which others copy from come first; the rest, and those in a circle, keep their order. Pure.
 * `originsOf`: the keys of a stream's origins, whether they are among the streams or not.
 */
export function originsFirst<Stream extends { readonly key: string }>(
  streams: readonly Stream[],
  originsOf: (stream: Stream) => readonly string[],
): readonly Stream[] {
  const byKey = new Map(streams.map((stream) => [stream.key, stream]));
  const ordered: Stream[] = [];
  const seen = new Set<string>();
  const visit = (stream: Stream): void => {
    if (seen.has(stream.key)) return;
    seen.add(stream.key);
    for (const origin of originsOf(stream)) {
      const found = byKey.get(origin);
      if (found) visit(found);
    }
    ordered.push(stream);
  };
  for (const stream of streams) visit(stream);
  return ordered;
}
