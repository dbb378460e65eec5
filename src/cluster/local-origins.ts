import type { StreamSettings } from "./picture.ts";

/** Names of the streams of its own account that a stream mirrors or sources. */
export function localOrigins({ mirror, sources }: StreamSettings): readonly string[] {
  return [...(mirror ? [mirror] : []), ...sources].filter(({ external }) => external === null).map(({ name }) => name);
}
