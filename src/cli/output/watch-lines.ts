import type { Light } from "../../cluster/light.ts";
import type { WatchedChange } from "../../cluster/watch/watched-things.ts";
import type { WatchEvent } from "../../operations/cluster-watch/watch-request.ts";
import { readable, targetOf } from "./cluster-plan.ts";
import { formatSeconds, plural } from "./format-values.ts";
import { type ProposalView, proposalLines } from "./watch-proposal.ts";

const marks: Readonly<Record<Light, string>> = { green: "ok", yellow: "WARN", red: "FAIL", unknown: "?" };

/** A line for each thing that happens, without its time: for a log, and for the last ones under the screen. */
export class WatchLines {
  #view: ProposalView;
  #begun = false;
  #proposed = false;
  /** Steps are long under way; what is lacking is said no more often than this, in ms. */
  #saidAt = 0;

  constructor(view: ProposalView) {
    this.#view = view;
  }

  /** How proposals are told of: as a watch does that does nothing by itself, once it has stood down. */
  get view(): ProposalView {
    return this.#view;
  }

  take(event: WatchEvent): readonly string[] {
    switch (event.kind) {
      case "looked":
        return this.#first(event);
      case "changed":
        return event.changes.map(changeLine);
      case "proposed": {
        const lines = proposalLines(event.proposal, this.#view);
        const nothing = this.#proposed && lines.length === 0 ? ["nothing is to be done any more"] : [];
        this.#proposed = lines.length > 0;
        return [...lines.map((line, index) => (index === 0 ? `proposed: ${line}` : `          ${line}`)), ...nothing];
      }
      case "lost":
        return [`LOST  nothing is seen of the cluster any more: ${event.reason}; trying again`];
      case "back":
        return [`ok    the cluster is seen again, after ${formatSeconds(event.seconds)}`];
      case "acting":
        return ["ACTS  by itself, as everything that --auto asks for holds"];
      case "recovery":
        return this.#recovery(event.event);
      case "acted":
        return [
          `${event.outcome.status === "recovered" ? "ok    " : "LEFT  "}${event.outcome.summary}`,
          ...event.outcome.left.flatMap(({ text, cure }) => [`      left: ${readable(text)}`, `        ${cure}`]),
          `      What was done is in ${event.outcome.audit}.`,
        ];
      case "stood-down":
        this.#view = { ...this.#view, auto: false };
        return [
          `STOP  ${event.reason}: nothing more is done by itself until this watch is started again`,
          "      See where it stands: relight cluster plan",
        ];
      case "trouble":
        return [`relight: ${event.text}`, `   hint: ${event.hint}`];
    }
  }

  #first({ status }: Extract<WatchEvent, { kind: "looked" }>): readonly string[] {
    if (this.#begun) return [];
    this.#begun = true;
    const what = `${plural(status.servers.length, "server")}, ${plural(status.streams.length, "stream")}`;
    const well = status.light === "green" ? "; all is well" : "";
    return [`watching ${what}${well}${this.#view.auto ? "; replaces a dead server by itself where that is safe" : ""}`];
  }

  #recovery(event: Extract<WatchEvent, { kind: "recovery" }>["event"]): readonly string[] {
    switch (event.kind) {
      case "step-begun":
        this.#saidAt = Date.now();
        return [`      ${event.step.kind} ${targetOf(event.step)} ...`];
      case "step-ended": {
        const { kind, state, seconds, error } = event.step;
        const end = state === "done" ? "done" : state === "failed" ? `FAILED: ${error?.message}` : "cancelled";
        return [`      ${kind} ${targetOf(event.step)}: ${end} (${formatSeconds(seconds)})`];
      }
      case "progress":
        if (Date.now() - this.#saidAt < 10_000) return [];
        this.#saidAt = Date.now();
        return [`      ${event.step.kind} ${targetOf(event.step)}: ${event.text}`];
      case "changed":
        return [`      looking again: ${event.changes.join("; ")}`];
      case "looking":
      case "planned":
      case "waiting":
        return [];
    }
  }
}

function changeLine({ subject, name, light, reason, vanished }: WatchedChange): string {
  const what = subject === "meta" ? "meta group" : `${subject} ${name}`;
  return `${(vanished ? "-" : marks[light]).padEnd(4)}  ${what}: ${reason}`;
}
