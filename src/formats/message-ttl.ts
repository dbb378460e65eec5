const name = /\r\nNats-TTL:[ \t]*([^\r\n]*)/i;
const utf8 = new TextDecoder();

/**
 * The `Nats-TTL` of a header block in nanoseconds: `undefined` where there is none. A value that a server would refuse
 * counts as none.
 *
 * Source: nats-server server/stream.go (`parseMessageTTL`): a Go duration of at least a second, cut to seconds, or seconds.
 */
export function messageTtl(headers: Uint8Array): bigint | "never" | undefined {
  const text = name.exec(utf8.decode(headers))?.[1]?.trim();
  if (text === undefined || text === "") return undefined;
  if (text.toLowerCase() === "never") return "never";
  if (/^[0-9]{1,10}$/.test(text)) return text === "0" ? undefined : BigInt(text) * 1_000_000_000n;
  const seconds = goDurationSeconds(text);
  return seconds === undefined || seconds < 1 ? undefined : BigInt(Math.floor(seconds)) * 1_000_000_000n;
}

const unitSeconds: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
};

function goDurationSeconds(text: string): number | undefined {
  if (!/^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9.]+)(h|ms|m|s|us|µs|ns)/g)) {
    seconds += Number(digits) * (unitSeconds[unit as string] as number);
  }
  // Sums of decimal fractions fall a little short of whole seconds.
  return seconds + 1e-9;
}
