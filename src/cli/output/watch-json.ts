import type { WatchEvent } from "../../operations/cluster-watch/watch-request.ts";

/** The lines of `--json`: schemas/cluster-watch.json. None for what a log has no line for either. */
export function watchJson(event: WatchEvent): readonly object[] {
  switch (event.kind) {
    case "looked":
      return [];
    case "changed":
      return event.changes.map((change) => ({ type: "change", time: event.at, ...change }));
    case "proposed":
      return [{ type: "proposal", time: event.at, ...event.proposal }];
    case "lost":
      return [{ type: "lost", time: event.at, reason: event.reason }];
    case "back":
      return [{ type: "back", time: event.at, seconds: event.seconds }];
    case "acting":
      return [{ type: "acting", time: event.at, steps: event.proposal.plan.steps.map(({ id }) => id) }];
    case "recovery": {
      const { event: inner } = event;
      if (inner.kind === "step-begun") return [{ type: "step", time: event.at, id: inner.step.id, state: "begun" }];
      if (inner.kind !== "step-ended") return [];
      const { id, state, seconds, error } = inner.step;
      return [{ type: "step", time: event.at, id, state, seconds, error }];
    }
    case "acted":
      return [{ type: "acted", time: event.at, recovery: event.outcome }];
    case "stood-down":
      return [{ type: "stood-down", time: event.at, reason: event.reason }];
    case "trouble":
      return [{ type: "trouble", time: event.at, message: event.text, hint: event.hint }];
  }
}
