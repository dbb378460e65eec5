import type { Blocker } from "./cluster-plan.ts";
import { type Cover, coverOf } from "./cover.ts";
import type { Loss } from "./find-losses.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** What a lost stream could be restored from. */
export const coverOfLoss = (view: View, { account, name, anew }: Loss): Cover =>
  coverOf(view, account, name, anew ? "lost" : "last");

/** Why it may not be restored yet. */
export const blockersOf = (view: View, loss: Loss, cover: Cover): readonly Blocker[] => [
  ...loss.blockers,
  ...lackBlockers(view, cover, loss),
  ...cutOffBlockers(loss, cover),
];

/** One that is dead does not tell where it may live; its backup does. */
export const placed = ({ standing }: Loss, { backup }: Cover): StreamStanding | null =>
  standing && { ...standing, settings: standing.settings ?? backup?.settings ?? null };

/** What a restore that was cut off has left is no more than the backup; what came since is for a person. */
function cutOffBlockers({ key, standing, cutOff }: Loss, { backup }: Cover): readonly Blocker[] {
  const last = standing?.state?.lastSeq ?? 0;
  if (!cutOff || backup === null || last <= backup.lastSeq) return [];
  const text = `a restore of ${key} was cut off, and messages came since: it ends at ${last}, the backup at ${backup.lastSeq}`;
  const cure = "See that its messages and consumers are all there, or back it up and name it to be restored.";
  return [{ code: "written-since", text, cure }];
}

function lackBlockers(view: View, cover: Cover, { key, standing, cutOff }: Loss): readonly Blocker[] {
  // Of what neither the cluster nor the ledger knows the backup is all there is, also where its restore was cut off.
  const known = view.memory.get(key);
  const stranger = known === undefined ? standing === null : known.counters === null && cutOff !== undefined;
  if (cover.covered || cover.released || stranger) return [];
  return [
    {
      code: "r1-uncovered",
      text: cover.text,
      cure: `Give a backup that reaches further, or release ${key} if what is missing may be lost.`,
    },
  ];
}
