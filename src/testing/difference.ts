import type { StreamMessage } from "./message-table.ts";

/** One way in which a stream is not what it was. */
export type Difference =
  | { readonly kind: "stream-config"; readonly field: string; readonly before: unknown; readonly after: unknown }
  | { readonly kind: "stream-state"; readonly field: string; readonly before: unknown; readonly after: unknown }
  | { readonly kind: "message-missing"; readonly before: StreamMessage }
  | { readonly kind: "message-extra"; readonly after: StreamMessage }
  | {
      readonly kind: "message-time" | "message-subject" | "message-headers" | "message-payload";
      readonly before: StreamMessage;
      readonly after: StreamMessage;
    }
  | { readonly kind: "consumer-missing" | "consumer-extra"; readonly consumer: string }
  | {
      readonly kind: "consumer-config" | "consumer-state";
      readonly consumer: string;
      readonly field: string;
      readonly before: unknown;
      readonly after: unknown;
    };

/** One difference as a line for a person. */
export function describeDifference(difference: Difference): string {
  switch (difference.kind) {
    case "stream-config":
      return `stream config ${difference.field}: ${value(difference.before)} → ${value(difference.after)}`;
    case "stream-state":
      return `stream state ${difference.field}: ${value(difference.before)} → ${value(difference.after)}`;
    case "message-missing":
      return `message ${difference.before.sequence} (${difference.before.subject}) is missing`;
    case "message-extra":
      return `message ${difference.after.sequence} (${difference.after.subject}) was not there before`;
    case "message-time":
      return `message ${difference.before.sequence} time: ${difference.before.time} → ${difference.after.time} ns`;
    case "message-subject":
      return `message ${difference.before.sequence} subject: ${difference.before.subject} → ${difference.after.subject}`;
    case "message-headers":
      return `message ${difference.before.sequence} headers: ${part(difference.before, "header")} → ${part(difference.after, "header")}`;
    case "message-payload":
      return `message ${difference.before.sequence} payload: ${part(difference.before, "payload")} → ${part(difference.after, "payload")}`;
    case "consumer-missing":
      return `consumer ${difference.consumer} is missing`;
    case "consumer-extra":
      return `consumer ${difference.consumer} was not there before`;
    case "consumer-config":
    case "consumer-state": {
      const what = `consumer ${difference.consumer} ${difference.kind === "consumer-config" ? "config" : "state"}`;
      return `${what} ${difference.field}: ${value(difference.before)} → ${value(difference.after)}`;
    }
  }
}

/** The first differences, one a line, and how many more there are; "" when there are none. */
export function describeDifferences(differences: readonly Difference[], most = 10): string {
  const lines = differences.slice(0, most).map(describeDifference);
  if (differences.length > most) lines.push(`… and ${differences.length - most} more`);
  return lines.join("\n");
}

function value(given: unknown): string {
  return given === undefined ? "nothing" : JSON.stringify(given);
}

function part(message: StreamMessage, which: "header" | "payload"): string {
  const size = which === "header" ? message.headerSize : message.payloadSize;
  const digest = which === "header" ? message.headerHash : message.payloadHash;
  return size === 0 ? "none" : `${size} bytes ${digest.slice(0, 12)}`;
}
