import type { WatchEvent } from "../../operations/cluster-watch/watch-request.ts";
import { renderClusterStatus } from "./cluster-status.ts";
import { formatSeconds } from "./format-values.ts";
import { type ProposalView, proposalLines } from "./watch-proposal.ts";

/** So many of the last lines of what happened are kept on the screen. */
const kept = 8;
/** A screen of its own, which gives back what was there before; then its first line, and all below it empty. */
const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";
const redraw = "\x1b[H\x1b[J";

export interface WatchScreenOptions {
  readonly color: boolean;
  readonly intervalMs: number;
}

/** The part of a terminal that a screen needs. */
export interface ScreenTarget {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** The state of the cluster on a terminal, drawn anew in place after each look; what happened below it. The last picture stays. */
export class WatchScreen implements Disposable {
  readonly #target: ScreenTarget;
  readonly #options: WatchScreenOptions;
  #events: readonly string[] = [];
  #frame: readonly string[] = ["Looking at the cluster ..."];
  #lost: string | null = null;

  constructor(target: ScreenTarget, options: WatchScreenOptions) {
    this.#target = target;
    this.#options = options;
    target.write(enter);
    this.#draw();
  }

  take(event: WatchEvent, lines: readonly string[], view: ProposalView): void {
    const at = new Date().toISOString().slice(11, 19);
    // What is proposed now is on the screen as it is.
    if (event.kind !== "proposed" && event.kind !== "looked") {
      const dated = lines.map((line, index) => `${index === 0 ? at : "        "}  ${line}`);
      this.#events = [...this.#events, ...dated].slice(-kept);
    }
    if (event.kind === "lost") this.#lost = event.reason;
    if (event.kind === "back") this.#lost = null;
    if (event.kind === "looked") this.#frame = this.#frameOf(event, view);
    this.#draw();
  }

  #frameOf(
    { status, picture, proposal }: Extract<WatchEvent, { kind: "looked" }>,
    view: ProposalView,
  ): readonly string[] {
    const { color, intervalMs } = this.#options;
    const lines = renderClusterStatus(status, picture, { all: false, color }).trimEnd().split("\n");
    const proposed = proposal === null ? ["after a second look, 12 s after the first"] : proposalLines(proposal, view);
    return [
      ...lines,
      "",
      ...(proposed.length === 0 ? ["Proposed: nothing."] : ["Proposed:", ...proposed.map((line) => `  ${line}`)]),
      `Looks again every ${formatSeconds(intervalMs / 1000)}${view.auto ? ", and replaces a dead server by itself where that is safe" : ""}; Ctrl-C ends it.`,
    ];
  }

  #lines(): readonly string[] {
    const lost =
      this.#lost === null ? [] : [`LOST: ${this.#lost}; trying again. What follows is what was seen last.`, ""];
    return [...lost, ...this.#frame, ...(this.#events.length === 0 ? [] : ["", ...this.#events])];
  }

  #draw(): void {
    const width = Math.max(20, this.#target.columns ?? 80);
    const height = Math.max(5, (this.#target.rows ?? 24) - 1);
    const all = this.#lines();
    // The events are at the end, and what is worst is at the begin: what is between goes.
    const cut = all.length > height;
    const tail = Math.min(this.#events.length, Math.floor(height / 2));
    const lines = cut
      ? [
          ...all.slice(0, height - tail - 1),
          `... ${all.length - height + 1} lines more`,
          ...all.slice(all.length - tail),
        ]
      : all;
    this.#target.write(`${redraw}${lines.map((line) => clip(line, width)).join("\n")}\n`);
  }

  /** Gives the terminal back, with the last picture on it. */
  [Symbol.dispose](): void {
    this.#target.write(`${leave}${this.#lines().join("\n")}\n`);
  }
}

/** As much of a line as fits; what colours it takes no room. */
function clip(line: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const parts = line.split(/(\x1b\[[0-9;]*m)/);
  let room = width;
  let text = "";
  for (const part of parts) {
    if (part.startsWith("\x1b")) text += part;
    else {
      text += part.length > room ? `${part.slice(0, Math.max(0, room - 1))}${room > 0 ? "…" : ""}` : part;
      room = Math.max(0, room - part.length);
    }
  }
  return text;
}
