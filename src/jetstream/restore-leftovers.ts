import type { StreamConfig } from "./api-types.ts";

/**
 * What a restore message by message makes besides the stream: under names by which it is known again where the restore was
 * killed. `id` is one restore's own.
 */
export const interimNames = {
  /** The stream in files that the other one copies. */
  origin: (stream: string, id: string): string => `${stream}_relight_${id}`,
  originSubject: (id: string): string => `_RELIGHT.ORIGIN.${id}`,
  /** The description that the stream has until it is whole. */
  description: (id: string): string => `half-made by relight stream restore (${id})`,
} as const;

/** Matches the subjects of all streams in files that were copied from. */
export const anyOriginSubject = interimNames.originSubject("*");

/** A stream that a restore left which was killed, or has made that still runs: nobody can tell the two apart. */
export interface RestoreLeftover {
  readonly name: string;
  /** The stream that was restored. */
  readonly of: string;
  /** `half-made`: it is that stream itself, in part; `origin`: what it was copied from. */
  readonly kind: "half-made" | "origin";
}

/** Tells such a stream by what only a restore gives it. Undefined for any other. Pure. */
export function restoreLeftover({
  name,
  subjects = [],
  description = "",
}: Pick<StreamConfig, "name" | "subjects" | "description">): RestoreLeftover | undefined {
  const origin = originOf(name);
  if (origin && subjects.includes(interimNames.originSubject(origin.id)))
    return { name, of: origin.stream, kind: "origin" };
  const [, id] = /^half-made by relight stream restore \((\w+)\)$/.exec(description ?? "") ?? [];
  return id === undefined ? undefined : { name, of: name, kind: "half-made" };
}

/** Of what only a name is known. Pure. */
export function originOf(name: string): { readonly stream: string; readonly id: string } | undefined {
  const [, stream, id] = /^(.+)_relight_([0-9A-Za-z]{22})$/.exec(name) ?? [];
  return stream === undefined || id === undefined ? undefined : { stream, id };
}

/** Those that belong to one stream, among others. Pure. */
export function leftoversOf(
  streams: readonly { readonly config: StreamConfig }[],
  stream: string,
): readonly RestoreLeftover[] {
  return streams.flatMap(({ config }) => restoreLeftover(config) ?? []).filter(({ of }) => of === stream);
}

/** What it is, and the command that removes it. */
export function leftoverText({ name, of, kind }: RestoreLeftover): string {
  const what =
    kind === "half-made"
      ? `"${name}" is half-made: its restore was killed, or still runs`
      : `"${name}" is what a restore of "${of}" copied from, which was killed, or still runs`;
  return `${what}; if none runs, this removes it: nats stream rm ${name} --force`;
}
