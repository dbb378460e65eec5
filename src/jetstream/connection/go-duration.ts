import { RelightError } from "../../errors.ts";

const millisecondsPer: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  // The units that the nats CLI adds to those of Go: a month is 30 days there and a year 365.
  d: 86_400_000,
  D: 86_400_000,
  w: 7 * 86_400_000,
  W: 7 * 86_400_000,
  M: 30 * 86_400_000,
  y: 365 * 86_400_000,
  Y: 365 * 86_400_000,
};

const whole =
  /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|[smhdDwWMyY])(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|[smhdDwWMyY]))*$/;
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|[smhdDwWMyY])/g;

/**
 * Milliseconds of a duration in Go's syntax, as the nats CLI takes them: "5s", "1m30s", "500ms", "1.5h", "2d", "0".
 * A number needs its unit. `source` names where the text came from, for the message.
 *
 * Throws USAGE.
 */
export function parseGoDuration(text: string, source: string): number {
  const trimmed = text.trim();
  if (trimmed === "0") return 0;
  if (!whole.test(trimmed)) {
    throw new RelightError("USAGE", `${source}: "${text}" is not a duration`, {
      hint: 'Write a number with its unit, such as "5s", "1m30s" or "500ms".',
    });
  }
  let milliseconds = 0;
  for (const [, amount, unit] of trimmed.matchAll(part))
    milliseconds += Number(amount) * (millisecondsPer[unit ?? ""] ?? 0);
  return trimmed.startsWith("-") ? -milliseconds : milliseconds;
}

/** A duration in milliseconds as Go writes it, in whole milliseconds: 90_000 is "1m30s". */
export function formatGoDuration(milliseconds: number): string {
  const rounded = Math.round(Math.abs(milliseconds));
  if (rounded < 1_000) return rounded === 0 ? "0s" : `${milliseconds < 0 ? "-" : ""}${rounded}ms`;
  const hours = Math.floor(rounded / 3_600_000);
  const minutes = Math.floor((rounded % 3_600_000) / 60_000);
  const seconds = (rounded % 60_000) / 1_000;
  const text = `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
  return milliseconds < 0 ? `-${text}` : text;
}
