import { groupDigits } from "../../group-digits.ts";
import type { StreamInfo } from "../../jetstream/api-types.ts";

/**
 * What moved in a stream while its backup ran. The server's documentation says that nothing does; configuration,
 * messages, purges and leaders all do.
 */
export interface StreamMovement {
  readonly kind: "recreated" | "configuration" | "published" | "removed" | "purged" | "leader" | "went-back";
  readonly text: string;
}

const count = (number: number, one: string): string => `${groupDigits(number)} ${one}${number === 1 ? "" : "s"}`;

/** Compares the stream's information from before the snapshot with that from after it. Pure. */
export function streamMovements(before: StreamInfo, after: StreamInfo): StreamMovement[] {
  const movements: StreamMovement[] = [];
  if (before.created !== after.created) {
    movements.push({ kind: "recreated", text: `the stream was deleted and created again (${after.created})` });
    return movements;
  }
  const fields = changedFields(before.config, after.config);
  if (fields.length > 0) {
    movements.push({ kind: "configuration", text: `the configuration was changed: ${fields.join(", ")}` });
  }
  if (after.state.last_seq < before.state.last_seq) {
    movements.push({
      kind: "went-back",
      text: `the last sequence went back from ${before.state.last_seq} to ${after.state.last_seq}`,
    });
  }
  const published = Math.max(0, after.state.last_seq - before.state.last_seq);
  if (published > 0) movements.push({ kind: "published", text: `${count(published, "message")} arrived` });
  const removed = before.state.messages + published - after.state.messages;
  if (removed > 0) {
    const everything = after.state.messages === 0 && before.state.messages > 0;
    const head = after.state.first_seq > before.state.first_seq;
    const where = head ? ` (first sequence ${before.state.first_seq} → ${after.state.first_seq})` : "";
    movements.push({
      kind: everything ? "purged" : "removed",
      text: everything
        ? `the stream was emptied${where}`
        : `${count(removed, "message")} left by limits, acks, deletes or purge${where}`,
    });
  }
  const [leaderBefore, leaderAfter] = [before.cluster?.leader, after.cluster?.leader];
  if (leaderBefore !== leaderAfter) {
    movements.push({
      kind: "leader",
      text: `the leader changed from ${leaderBefore ?? "none"} to ${leaderAfter ?? "none"}`,
    });
  }
  return movements;
}

/** Names of the fields in which two configurations differ. */
export function changedFields(
  before: { readonly [key: string]: unknown },
  after: { readonly [key: string]: unknown },
): string[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...fields].filter((field) => stable(before[field]) !== stable(after[field])).sort();
}

function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${key}:${stable(item)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "undefined";
}
