import { InvalidArgumentError } from "commander";

const powers: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };

/**
 * Parses a size as the `nats` CLI takes it: "131072", "128K", "128KB", "128KiB", "1M". All units are binary.
 * Throws commander's InvalidArgumentError.
 */
export function parseSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*$/i.exec(text);
  const size = match
    ? Math.round(Number(match[1]) * 1024 ** (powers[(match[2] ?? "").toLowerCase()] ?? 0))
    : Number.NaN;
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new InvalidArgumentError(`"${text}" is not a size such as 131072, 128K or 1MiB.`);
  }
  return size;
}

/** Parses a whole number of at least 1. Throws commander's InvalidArgumentError. */
export function parsePositive(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError(`"${text}" is not a whole number of 1 or more.`);
  return number;
}

/** Collects a repeatable option; a value may hold several, separated by commas. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [
    ...(previous ?? []),
    ...value
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  ];
}
