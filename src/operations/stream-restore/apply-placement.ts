/** Where the restored stream is to live, as the operator asked for it. */
export interface PlacementWishes {
  readonly replicas?: number;
  readonly cluster?: string;
  readonly tags?: readonly string[];
}

/** Puts the wishes into a configuration that is being made, and says in `changes` what they changed. */
export function applyPlacement(config: Record<string, unknown>, wishes: PlacementWishes, changes: string[]): void {
  if (wishes.replicas !== undefined && wishes.replicas !== config.num_replicas) {
    changes.push(`num_replicas: ${config.num_replicas ?? 1} → ${wishes.replicas}`);
    config.num_replicas = wishes.replicas;
  }
  if (wishes.cluster === undefined && !wishes.tags?.length) return;
  config.placement = {
    ...((config.placement as object | null | undefined) ?? {}),
    ...(wishes.cluster === undefined ? {} : { cluster: wishes.cluster }),
    ...(wishes.tags?.length ? { tags: wishes.tags } : {}),
  };
  changes.push(`placement: ${JSON.stringify(config.placement)}`);
}
