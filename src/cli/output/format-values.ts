import { groupDigits } from "../../group-digits.ts";

/** Formats a number of bytes with binary units: "1.2 MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Formats an integer with thousands separators: "1,204,331". */
export function formatCount(count: number): string {
  return groupDigits(count);
}

/** Formats a number of seconds: "0.42 s", "1.7 s", "12 s", "3 min 05 s", "2 h 07 min"; `digits` for those below 10. */
export function formatSeconds(seconds: number, digits = seconds < 1 ? 2 : 1): string {
  if (seconds < 10) return `${seconds.toFixed(digits)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** Formats a duration of the JetStream API, in nanoseconds: "unlimited" for 0, else like "1h30m0s". */
export function formatNanoseconds(nanoseconds: number, zero = "unlimited"): string {
  if (nanoseconds === 0) return zero;
  let seconds = nanoseconds / 1e9;
  const parts: string[] = [];
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const) {
    if (seconds < size && parts.length === 0) continue;
    parts.push(`${Math.floor(seconds / size)}${unit}`);
    seconds %= size;
  }
  if (seconds > 0 || parts.length === 0) parts.push(`${Number(seconds.toFixed(3))}s`);
  return parts.join("");
}

export const plural = (count: number, one: string): string => `${formatCount(count)} ${one}${count === 1 ? "" : "s"}`;
