import type { Sample } from "../picture.ts";
import { isSeen } from "../unseen.ts";

/**
 * What a watch itself saw of the servers, look after look. Whoever acts unasked believes nothing that was seen before it began: a
 * ledger knows when a server was last asked, not when it died.
 */
export interface Vigil {
  /** When the last look was taken; null: none was. RFC 3339. */
  readonly lookedAt: string | null;
  readonly servers: ReadonlyMap<string, ServerVigil>;
}

export interface ServerVigil {
  /** The last look in which it answered; null: it has not since the watch began. */
  readonly answeredAt: string | null;
  /** The first of the unbroken row of looks in which it did not answer, up to the last one; null: it answered in the last. */
  readonly silentSince: string | null;
}

export const emptyVigil: Vigil = { lookedAt: null, servers: new Map() };

/** With no look for so long, in ms, it is not known whether a server was up meanwhile: its silence begins anew. */
export const blindMs = 60_000;

/** The vigil after one more look. Pure. A look that saw nothing of the servers, a lost connection, breaks every silence. */
export function keepVigil(vigil: Vigil, sample: Sample): Vigil {
  const { takenAt, sight } = sample;
  if (!isSeen(sight.system)) {
    const servers = [...vigil.servers].map(([name, one]) => [name, { ...one, silentSince: null }] as const);
    return { ...vigil, servers: new Map(servers) };
  }
  const blind = vigil.lookedAt === null || Date.parse(takenAt) - Date.parse(vigil.lookedAt) > blindMs;
  const servers = new Map(vigil.servers);
  for (const { name, answers } of sample.servers) {
    const known = servers.get(name);
    const answered = isSeen(answers) && answers;
    const since = blind ? null : (known?.silentSince ?? null);
    servers.set(name, {
      answeredAt: answered ? takenAt : (known?.answeredAt ?? null),
      silentSince: answered ? null : (since ?? takenAt),
    });
  }
  return { lookedAt: takenAt, servers };
}
