import { RelightError } from "../../errors.ts";
import type { ExtractPlan } from "./extract-plan.ts";

/** The error for a plan that is not to be carried out: STREAM_EXISTS where nothing else is wrong, else RESTORE_REFUSED. Pure. */
export function extractRefusal({ stream, refusals }: Pick<ExtractPlan, "stream" | "refusals">): RelightError {
  const onlyExists = refusals.every(({ code }) => code === "exists");
  const reasons = refusals.map(({ text }) => text).join("; ");
  return new RelightError(
    onlyExists ? "STREAM_EXISTS" : "RESTORE_REFUSED",
    onlyExists ? reasons : `"${stream}" is not extracted: ${reasons}`,
    { context: { stream, refusals }, hint: [...new Set(refusals.map(({ cure }) => cure))].join(" ") },
  );
}
