import { isAtLeast, type ServerVersion } from "../../jetstream/server-version.ts";

export interface HeaderRules {
  readonly version: ServerVersion;
  readonly stream: string;
  /** Of the restored configuration. */
  readonly allowRollups: boolean;
  readonly allowTtl: boolean;
}

const latin1 = new TextDecoder("latin1");

/**
 * True for a field that a server would act upon when the message with this sequence is published once more, to another
 * effect than at the first time:
 *
 * - what a publisher expected of the stream at that time, where that is no longer so; a message is refused over it;
 * - a roll-up of a stream that allows none, which would be refused. One that is allowed finds nothing to remove: it did so
 *   when it was published first;
 * - a time to live where the stream allows none, which is refused from 2.11 on;
 * - a request to trace the message, from 2.11 on.
 *
 * A message id stays: {@link MessagePublisher} waits until the server has forgotten the same id of an earlier message.
 * Source: nats-server server/stream.go (`processJetStreamMsg`).
 */
function isActedUpon(name: string, value: string, sequence: number, rules: HeaderRules): boolean {
  switch (name) {
    case "Nats-Expected-Last-Sequence":
      return Number(value) !== sequence - 1;
    case "Nats-Expected-Stream":
      return value !== rules.stream;
    case "Nats-Expected-Last-Subject-Sequence":
    case "Nats-Expected-Last-Subject-Sequence-Subject":
    case "Nats-Expected-Last-Msg-Id":
      return true;
    case "Nats-Rollup":
      return !rules.allowRollups;
    case "Nats-TTL":
      return !rules.allowTtl && isAtLeast(rules.version, 2, 11);
    case "Nats-Trace-Dest":
    case "Nats-Trace-Only":
      return isAtLeast(rules.version, 2, 11);
    default:
      return false;
  }
}

/** The block without the fields that would be acted upon, and their names. Everything else stays byte for byte. */
export function withoutActedUpon(
  block: Uint8Array,
  sequence: number,
  rules: HeaderRules,
): { readonly block: Uint8Array; readonly removed: readonly string[] } {
  if (block.length === 0) return { block, removed: [] };
  const removed: string[] = [];
  const lines = latin1.decode(block).split("\r\n");
  const kept = lines.filter((line, index) => {
    const colon = line.indexOf(":");
    if (index === 0 || colon <= 0) return true;
    const name = line.slice(0, colon);
    if (!isActedUpon(name, line.slice(colon + 1).trim(), sequence, rules)) return true;
    removed.push(name);
    return false;
  });
  if (removed.length === 0) return { block, removed };
  // A block that held nothing else was none but for the server.
  if (kept.length <= 3) return { block: new Uint8Array(0), removed };
  return { block: Buffer.from(kept.join("\r\n"), "latin1"), removed };
}

/** The first value of a field, exactly as servers look for it. */
export function fieldOf(block: Uint8Array, name: string): string | undefined {
  if (block.length === 0) return undefined;
  const text = latin1.decode(block);
  const at = text.indexOf(`\r\n${name}:`);
  if (at < 0) return undefined;
  const from = at + name.length + 3;
  return text.slice(from, text.indexOf("\r\n", from)).trim();
}

/** Names of the fields that a server leaves out of what a mirror copies. Source: server/stream.go (`processMirrorMsg`). */
export function leftOutByMirrors(block: Uint8Array): readonly string[] {
  if (block.length === 0) return [];
  return latin1
    .decode(block)
    .split("\r\n")
    .map((line) => line.slice(0, Math.max(0, line.indexOf(":"))))
    .filter((name) => /^Nats-(?:Expected|Batch)-/.test(name));
}
