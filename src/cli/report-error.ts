import type { ExitCode, RelightError } from "../errors.ts";

/** An error as JSON output carries it. */
export interface JsonError {
  readonly code: string;
  readonly exit_code: number;
  readonly message: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export function jsonError(error: RelightError): JsonError {
  const { code, exitCode, message, hint, context } = error;
  return { code, exit_code: exitCode, message, hint, context };
}

/** Prints an error for a person, to stderr, and returns the exit code. */
export function reportError(error: RelightError): ExitCode {
  process.stderr.write(`relight: ${error.message}\n`);
  if (error.hint) process.stderr.write(`   hint: ${error.hint}\n`);
  return error.exitCode;
}
