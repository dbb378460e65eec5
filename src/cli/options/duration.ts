import { InvalidArgumentError, Option } from "commander";
import { isRelightError } from "../../errors.ts";
import { parseGoDuration } from "../../jetstream/connection/go-duration.ts";

/**
 * An option that takes a duration in Go's syntax ("5s", "1m30s", "500ms") and gives it to the command in milliseconds.
 * Anything else, and a negative one, is an error of usage.
 *
 * @example
 * command.addOption(durationOption("--idle-timeout <duration>", "Longest silence of the server", "15s"));
 */
export function durationOption(flags: string, description: string, defaultText?: string): Option {
  const option = new Option(flags, description).argParser(parseDuration);
  return defaultText === undefined ? option : option.default(parseDuration(defaultText), defaultText);
}

/** Milliseconds, for commander, which puts the option's name before the message. Throws InvalidArgumentError. */
export function parseDuration(text: string): number {
  try {
    const milliseconds = parseGoDuration(text, "duration");
    if (milliseconds >= 0) return milliseconds;
  } catch (error) {
    if (!isRelightError(error, "USAGE")) throw error;
  }
  throw new InvalidArgumentError('It must be a duration such as "5s", "1m30s" or "500ms".');
}
