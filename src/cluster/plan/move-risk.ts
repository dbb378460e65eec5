import type { View } from "./view.ts";

/** What a move takes from a stream for a while, to be said after other risks; empty: nothing. `wanted`: its replicas. */
export const lessMeanwhile = (wanted: number | null): string =>
  (wanted ?? 1) > 1 ? "; it has one replica less until the new one has all" : "";

/** What a move may take from a stream's consumers, to be said after other risks; empty: nothing. */
export const consumersAnew = ({ rules }: View, wanted: number | null): string =>
  rules.movesResetConsumers && wanted === 1 ? "; consumers with num_replicas 1 may begin anew" : "";
