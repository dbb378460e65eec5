import { formatBytes, formatSeconds } from "./format-values.ts";

export interface ProgressState {
  readonly label: string;
  /** What is going on: "receiving", "checking", "sending". */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** The part of a stream that progress is written to. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const barWidth = 28;
/** Everything on the line but the label. */
const restWidth = barWidth + 46;
const logEveryMs = 5_000;

export interface ProgressOptions {
  /** False for log lines even on a terminal: --no-progress. */
  readonly progress: boolean;
  /** Several streams are under way side by side: they share the line until `finish`. */
  readonly concurrent?: boolean;
}

/** One stream's way through a phase. */
interface Track {
  readonly phase: string;
  readonly started: number;
  readonly from: number;
  state: ProgressState;
}

/**
 * Progress on a terminal is one line that is redrawn: a bar with percentage, rate and time left. Without a terminal, or
 * with --no-progress, it is a log line every few seconds. Disposing of it removes the bar.
 */
export class ProgressLine implements Disposable {
  readonly #target: ProgressTarget;
  readonly #bar: boolean;
  readonly #concurrent: boolean;
  readonly #tracks = new Map<string, Track>();
  #lastLog = Date.now();
  #drawn = false;
  #disposed = false;

  constructor(target: ProgressTarget, options: ProgressOptions) {
    this.#target = target;
    this.#bar = options.progress && target.isTTY === true && process.env.TERM !== "dumb";
    this.#concurrent = options.concurrent ?? false;
  }

  update(state: ProgressState): void {
    // What is still under way when an operation ends must not draw over the message about it.
    if (this.#disposed) return;
    const now = Date.now();
    const track = this.#tracks.get(state.label);
    if (track?.phase === state.phase) track.state = state;
    else {
      if (!this.#concurrent) this.#tracks.clear();
      this.#tracks.set(state.label, { phase: state.phase, started: now, from: state.done, state });
      if (!this.#concurrent) this.#lastLog = now;
    }
    if (this.#bar) {
      const width = Math.max(20, (this.#target.columns ?? 80) - 1);
      const line = renderProgress(this.#combined(), this.#rate(now), Math.max(8, width - restWidth));
      this.#target.write(`\r${line.slice(0, width)}\x1b[K`);
      this.#drawn = true;
    } else if (now - this.#lastLog >= logEveryMs) {
      this.#lastLog = now;
      this.#target.write(`${renderPlain(this.#combined(), this.#rate(now))}\n`);
    }
  }

  /** This stream is done with, one way or the other. */
  finish(label: string): void {
    this.#tracks.delete(label);
  }

  /** Removes the bar, so that a message can be written. */
  clear(): void {
    if (this.#drawn) this.#target.write("\r\x1b[K");
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.clear();
  }

  /** What the line shows: the only stream, or all that are under way as one. */
  #combined(): ProgressState {
    const states = [...this.#tracks.values()].map((track) => track.state);
    const [first] = states;
    if (first && states.length === 1) return first;
    const sum = (field: "done" | "total"): number => states.reduce((total, state) => total + state[field], 0);
    return {
      label: `${states.length} streams`,
      phase: first?.phase ?? "",
      done: sum("done"),
      total: sum("total"),
    };
  }

  /** Bytes per second in this phase. */
  #rate(now: number): number {
    let rate = 0;
    for (const { started, from, state } of this.#tracks.values()) {
      const seconds = (now - started) / 1000;
      if (seconds > 0.2) rate += (state.done - from) / seconds;
    }
    return rate;
  }
}

/** Draws the bar, behind a label of at most `labelWidth` characters. */
export function renderProgress(state: ProgressState, bytesPerSecond: number, labelWidth = 40): string {
  const label = state.label.length > labelWidth ? `${state.label.slice(0, labelWidth - 1)}…` : state.label;
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : 0;
  const full = Math.round(share * barWidth);
  const bar = `${"█".repeat(full)}${"░".repeat(barWidth - full)}`;
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  return [`${label}  ${state.phase}  ${bar} ${percent}`, ...rateAndRest(state, bytesPerSecond)].join("  ");
}

function renderPlain(state: ProgressState, bytesPerSecond: number): string {
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : 0;
  return [`${state.label}: ${state.phase} ${Math.floor(share * 100)}%`, ...rateAndRest(state, bytesPerSecond)].join(
    ", ",
  );
}

function rateAndRest(state: ProgressState, bytesPerSecond: number): string[] {
  if (bytesPerSecond <= 0) return [];
  const left = Math.max(0, state.total - state.done) / bytesPerSecond;
  return [
    `${formatBytes(bytesPerSecond)}/s`,
    ...(state.done < state.total ? [`${formatSeconds(Math.ceil(left), 0)} left`] : []),
  ];
}
