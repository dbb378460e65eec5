import { spanText } from "../span-text.ts";
import type { ServerStanding } from "./server-standing.ts";
import type { View } from "./view.ts";

/** How well a server is remembered that does not answer any more. */
export interface MemoryOfServer {
  /** Relight looked at it shortly before it fell silent: what was on it then is known. */
  readonly young: boolean;
  /** For a person. */
  readonly text: string;
}

/** What came to a dead server between the last look at it and its death is in no memory. */
export function memoryOfServer(view: View, { name, lastSeen, aliveUntil }: ServerStanding): MemoryOfServer {
  if (lastSeen === null) {
    return { young: false, text: `Relight never saw ${name} alive: what was on it only the accounts' own lists tell` };
  }
  const gapMs = Math.max(0, Date.parse(aliveUntil) - Date.parse(lastSeen));
  const young = gapMs <= view.request.thresholds.stuckMs;
  const seen = `Relight last saw ${name} on ${lastSeen}`;
  if (young) return { young, text: `${seen}, shortly before it fell silent` };
  const missed = "what came to it after that is in no memory";
  return { young, text: `${seen}, up to ${spanText(gapMs)} before it fell silent: ${missed}` };
}
