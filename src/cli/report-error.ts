import { type ExitCode, RelightError } from "../errors.ts";

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

/** Everything that is thrown becomes one of the catalogue; a stack is kept only for what should not happen. */
export function toRelightError(error: unknown, signal?: AbortSignal): RelightError {
  if (error instanceof RelightError) return error;
  if (signal?.aborted) return new RelightError("CANCELLED", "cancelled", { cause: error });
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RelightError("INTERNAL", text, { cause: error });
}

/** Prints an error for a person, to stderr, and returns the exit code. */
export function reportError(error: RelightError): ExitCode {
  process.stderr.write(`relight: ${error.message}\n`);
  if (error.hint) process.stderr.write(`   hint: ${error.hint}\n`);
  return error.exitCode;
}
