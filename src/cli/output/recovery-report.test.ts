import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RecoveryOutcome, StepRecord } from "../../operations/cluster-recovery/recovery-request.ts";
import { renderRecovery } from "./recovery-report.ts";

function rendered(...steps: readonly Pick<StepRecord, "kind" | "state">[]): string {
  const rest = { status: "left", summary: "1 thing is left.", failed: [], left: [], plan: null };
  const places = { ledger: "/state/prod.json", audit: "/state/prod.audit.jsonl" };
  return renderRecovery({ ...rest, ...places, steps } as unknown as RecoveryOutcome, false);
}

describe("how a recovery ended, for a person", () => {
  it("names the backups that it made, as they may be all that is left", () => {
    const place = /^Backups that were made are in \/state\/prod\.backups\.$/m;
    assert.match(rendered({ kind: "salvage", state: "done" }), place);
    assert.match(rendered({ kind: "back-up-first", state: "done" }), place);
    assert.doesNotMatch(rendered({ kind: "salvage", state: "failed" }, { kind: "peer-remove", state: "done" }), place);
  });
});
