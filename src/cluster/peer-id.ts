import { createHash } from "node:crypto";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * The id of a server in every Raft group: it follows from the name alone, the same after a restart, a wipe or a replacement.
 * So a ghost, which the servers know by its id only, can be named where the name is remembered.
 * Source: nats-server `server/events.go` (`getHash`).
 *
 * @example
 * peerIdOf("n2"); // "44jzkV9D"
 */
export function peerIdOf(serverName: string): string {
  const hash = createHash("sha256").update(serverName).digest().subarray(0, 8);
  return [...hash].map((byte) => digits[byte % digits.length]).join("");
}

/** Whether a person's word means this server: its name, its peer id, or of a ghost the name that its id follows from. */
export function isMeant(
  word: string,
  { name, peer }: { readonly name: string | null; readonly peer: string },
): boolean {
  return name === word || peer === word || peer === peerIdOf(word);
}
