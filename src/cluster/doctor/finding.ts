import type { Picture, Sample, StreamPicture } from "../picture.ts";
import { streamIn } from "../stream-in.ts";
import type { Background } from "./background.ts";

/** What is wrong, or will be when something else goes wrong. */
export interface Finding {
  /** The check's number: "D6". Stable, to be silenced or searched for. */
  readonly id: string;
  readonly severity: Severity;
  /** One sentence for a person. */
  readonly title: string;
  /** What was seen, one thing a line. Never empty. */
  readonly evidence: readonly string[];
  /** What to do about it. */
  readonly cure: string;
}

/** critical: data or service is lost, or one step from it; warning: fix it in daylight; info: know it. */
export type Severity = "critical" | "warning" | "info";

/** A pure judge of one matter. */
export interface Check {
  readonly id: string;
  /** What it looks at: "members of the meta group". */
  readonly title: string;
  /** What it needs to see; without that it is skipped, and said to be. */
  readonly needs: readonly Need[];
  readonly examine: (picture: Picture, background: Background) => readonly Finding[];
}

export type Need = "system-account" | "two-looks" | "ledger" | "backups" | "content" | "monitoring";

/** A finding where there is evidence of it; none where there is not. */
export function finding(
  id: string,
  severity: Severity,
  title: string,
  evidence: readonly string[],
  cure: string,
): readonly Finding[] {
  return evidence.length === 0 ? [] : [{ id, severity, title, evidence, cure }];
}

/** All streams of a sample. */
export function allStreams({ accounts }: Sample): readonly StreamPicture[] {
  return accounts.flatMap(({ streams }) => streams);
}

/** A stream in evidence: "APP > ORDERS", the way the servers write it. */
export function streamLabel({ account, name }: Pick<StreamPicture, "account" | "name">): string {
  return `${account} > ${name}`;
}

/** The same stream in the earlier look. */
export function inEarlier({ earlier }: Picture, stream: StreamPicture): StreamPicture | undefined {
  return streamIn(earlier, stream.account, stream.name);
}
