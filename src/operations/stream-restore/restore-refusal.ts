import { RelightError } from "../../errors.ts";
import type { PreparedRestore } from "./prepare-restore.ts";

/** The error for a plan that is not to be carried out. */
export function refusal({ plan }: PreparedRestore): RelightError {
  const reasons = plan.refusals.map((reason) => reason.text);
  const exists = plan.refusals.find((reason) => reason.code === "exists");
  if (exists) {
    // What else is wrong would only be known once that is settled.
    const others = reasons.filter((text) => text !== exists.text);
    return new RelightError("STREAM_EXISTS", [exists.text, ...others].join("; and "), {
      context: { stream: plan.stream, refusals: plan.refusals },
      hint: exists.cure,
    });
  }
  return new RelightError("RESTORE_REFUSED", `"${plan.stream}" is not restored: ${reasons.join("; ")}`, {
    context: { stream: plan.stream, refusals: plan.refusals },
    hint: plan.refusals.map((reason) => reason.cure).join(" "),
  });
}
