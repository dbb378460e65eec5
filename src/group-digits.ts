/** An integer with thousands separators: "1,204,331". Not by Intl, which takes 25 ms to load: a third of a short command. */
export function groupDigits(integer: number): string {
  return String(integer).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
