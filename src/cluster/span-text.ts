/** A span for a person, in its largest unit: "3 days", "5 h", "12 min", "40 s". */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds >= 2 * 86_400) return `${Math.round(seconds / 86_400)} days`;
  if (seconds >= 2 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return seconds >= 120 ? `${Math.round(seconds / 60)} min` : `${seconds} s`;
}
