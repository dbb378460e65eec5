import type { Loss } from "./find-losses.ts";
import { blockersOf, coverOfLoss, placed } from "./loss-cover.ts";
import type { Spares } from "./plan-spares.ts";
import type { View } from "./view.ts";

/**
 * What the restore of one lost stream has to wait for of others: what is left of its copies is deleted, its origins are restored. So
 * where a step fails, nothing else is kept waiting.
 */
export class Hanging {
  readonly #origins: (loss: Loss) => readonly string[];
  readonly #copies = new Map<string, string[]>();
  readonly #certain: ReadonlySet<string>;
  /** Those that were asked for: in a circle, what comes first does not wait. */
  readonly #asked = new Set<string>();

  constructor(certain: readonly Loss[], origins: (loss: Loss) => readonly string[]) {
    this.#origins = origins;
    this.#certain = new Set(certain.map(({ key }) => key));
    for (const loss of certain.filter(({ stub }) => stub)) {
      for (const origin of origins(loss)) this.#copies.set(origin, [...(this.#copies.get(origin) ?? []), loss.key]);
    }
  }

  before(loss: Loss): readonly string[] {
    const stubs = (this.#copies.get(loss.key) ?? []).map((key) => `delete-stub:${key}`);
    const restored = this.#origins(loss).filter((key) => this.#certain.has(key) && this.#asked.has(key));
    this.#asked.add(loss.key);
    return [...stubs, ...restored.map((key) => `restore:${key}`)];
  }
}

/** It will be restored without a person, who would keep what hangs on it waiting. */
export function isCertain(view: View, spares: Spares, loss: Loss): boolean {
  const cover = coverOfLoss(view, loss);
  if (cover.backup === null || blockersOf(view, loss, cover).length > 0) return false;
  const standing = placed(loss, cover);
  return standing === null || !spares.lacks(standing, [], 1);
}
