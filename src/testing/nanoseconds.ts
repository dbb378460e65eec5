/**
 * Exact nanoseconds since 1970 of a server's RFC 3339 time such as "2026-08-21T10:00:00.123456789Z".
 *
 * `Date` keeps milliseconds only; a comparison that rounds would not see a restore that does.
 */
export function nanoseconds(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) throw new Error(`not an RFC 3339 time: "${text}"`);
  const seconds = Date.parse(`${match[1]}${match[3]}`) / 1000;
  if (!Number.isInteger(seconds)) throw new Error(`not a time that exists: "${text}"`);
  return BigInt(seconds) * 1_000_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}
