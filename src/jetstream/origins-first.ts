/**
 * Orders streams so that those which others mirror or source come first; the rest, and those in a circle, keep their order. Pure.
 * `keyOf`: what names a stream; `originsOf`: the keys of its origins, whether they are among the streams or not.
 */
export function originsFirst<Stream>(
  streams: readonly Stream[],
  keyOf: (stream: Stream) => string,
  originsOf: (stream: Stream) => readonly string[],
): Stream[] {
  const byKey = new Map(streams.map((stream) => [keyOf(stream), stream]));
  const ordered: Stream[] = [];
  const seen = new Set<string>();
  const visit = (stream: Stream): void => {
    const key = keyOf(stream);
    if (seen.has(key)) return;
    seen.add(key);
    for (const origin of originsOf(stream)) {
      const found = byKey.get(origin);
      if (found) visit(found);
    }
    ordered.push(stream);
  };
  for (const stream of streams) visit(stream);
  return ordered;
}
