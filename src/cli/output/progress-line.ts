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
const logEveryMs = 5_000;

/**
 * Progress on a terminal is one line that is redrawn: a bar with percentage, rate and time left. Without a terminal, or
 * with --no-progress, it is a log line every few seconds.
 */
export class ProgressLine {
  readonly #target: ProgressTarget;
  readonly #bar: boolean;
  #phase = "";
  #phaseStarted = 0;
  #phaseFrom = 0;
  #lastLog = Date.now();
  #drawn = false;

  constructor(target: ProgressTarget, options: { readonly progress: boolean }) {
    this.#target = target;
    this.#bar = options.progress && target.isTTY === true;
  }

  update(state: ProgressState): void {
    const now = Date.now();
    const key = `${state.label}/${state.phase}`;
    if (key !== this.#phase) {
      this.#phase = key;
      this.#phaseStarted = now;
      this.#phaseFrom = state.done;
      this.#lastLog = now;
    }
    if (this.#bar) {
      const width = Math.max(20, (this.#target.columns ?? 80) - 1);
      this.#target.write(`\r${renderProgress(state, this.#rate(state, now)).slice(0, width)}\x1b[K`);
      this.#drawn = true;
    } else if (now - this.#lastLog >= logEveryMs) {
      this.#lastLog = now;
      this.#target.write(`${renderPlain(state, this.#rate(state, now))}\n`);
    }
  }

  /** Removes the bar, so that a message can be written. */
  clear(): void {
    if (this.#drawn) this.#target.write("\r\x1b[K");
    this.#drawn = false;
  }

  /** Bytes per second in this phase. */
  #rate(state: ProgressState, now: number): number {
    const seconds = (now - this.#phaseStarted) / 1000;
    return seconds > 0.2 ? (state.done - this.#phaseFrom) / seconds : 0;
  }
}

/** Draws the bar. */
export function renderProgress(state: ProgressState, bytesPerSecond: number): string {
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : 0;
  const full = Math.round(share * barWidth);
  const bar = `${"█".repeat(full)}${"░".repeat(barWidth - full)}`;
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  return [`${state.label}  ${state.phase}  ${bar} ${percent}`, ...rateAndRest(state, bytesPerSecond)].join("  ");
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
  return [`${formatBytes(bytesPerSecond)}/s`, ...(state.done < state.total ? [`${formatSeconds(left)} left`] : [])];
}
