import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { RelightError } from "../../errors.ts";

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value together with where it came from, such as "--creds", "$NATS_CREDS" or `context "prod"`. */
export interface Sourced<T> {
  readonly value: T;
  readonly origin: string;
}

/** The user's home directory: HOME where it is set. */
export function homeDirectory(environment: Environment): string {
  return environment.HOME || homedir();
}

/** Replaces `$NAME` and `${NAME}` (nothing where the variable is not set) and a leading `~`, as contexts may hold them. */
export function expandPath(path: string, environment: Environment): string {
  const expanded = path.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_match, braced, bare) => environment[braced ?? bare] ?? "");
  return expanded.replace(/^~(?=$|[/\\])/, () => homeDirectory(environment));
}

/**
 * Reads what a setting refers to: a path, `file://path`, `env://NAME` or `data:;base64,...`. `what` names the thing for
 * the message: "the credentials file".
 *
 * Throws CREDENTIALS_INVALID: unreadable, not set, or of a kind that runs another program (op, nsc).
 */
export async function readReference(
  reference: Sourced<string>,
  what: string,
  environment: Environment,
): Promise<Buffer> {
  const { value, origin } = reference;
  const scheme = referenceScheme(value);
  switch (scheme) {
    case undefined:
    case "file":
      return readReferencedFile(reference, what, environment);
    case "env": {
      const name = value.replace(/^env:(\/\/)?/i, "");
      const content = environment[name];
      if (content) return Buffer.from(content);
      throw invalid(`${what} (${origin}) is to be in the variable ${name}, which is not set`);
    }
    case "data": {
      const match = /^data:[^,]*;\s*base64\s*,(.*)$/is.exec(value);
      if (match) return Buffer.from(match[1] ?? "", "base64");
      throw invalid(`${what} (${origin}) is a data: reference without base64`);
    }
    default:
      throw unsupportedScheme(scheme, what, origin);
  }
}

/** The path of a setting that must be a file (TLS); `~` and variables replaced. Throws CREDENTIALS_INVALID. */
export function referencedPath(reference: Sourced<string>, what: string, environment: Environment): string {
  const scheme = referenceScheme(reference.value);
  if (scheme !== undefined && scheme !== "file") throw unsupportedScheme(scheme, what, reference.origin);
  return expandPath(reference.value.replace(/^file:\/\//i, ""), environment);
}

/** The contents of a setting that must be a file (TLS). Throws CREDENTIALS_INVALID, naming the file. */
export async function readReferencedFile(
  reference: Sourced<string>,
  what: string,
  environment: Environment,
): Promise<Buffer> {
  const path = referencedPath(reference, what, environment);
  try {
    return await readFile(path);
  } catch (error) {
    throw invalid(`${what} ${path} (${reference.origin}) cannot be read: ${fileProblem(error)}`, error);
  }
}

/**
 * A password, token, JWT or seed: itself, or what it refers to where it begins with one of the schemes above.
 * Throws CREDENTIALS_INVALID.
 */
export async function readSecret(secret: Sourced<string>, what: string, environment: Environment): Promise<string> {
  const scheme = referenceScheme(secret.value);
  if (scheme === undefined || !["file", "env", "data", "op", "nsc"].includes(scheme)) return secret.value;
  return (await readReference(secret, what, environment)).toString("utf8").replace(/[\r\n]+$/, "");
}

/** The scheme of a reference in lower case. A single letter is a drive, not a scheme. */
function referenceScheme(reference: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(reference)?.[1]?.toLowerCase();
}

function unsupportedScheme(scheme: string, what: string, origin: string): RelightError {
  return invalid(`${what} (${origin}) is a ${scheme}: reference, which Relight does not resolve`, undefined, {
    hint: "Use a path, file://, env:// or data:;base64, instead.",
  });
}

function invalid(message: string, cause?: unknown, options: { hint?: string } = {}): RelightError {
  return new RelightError("CREDENTIALS_INVALID", message, { ...(cause === undefined ? {} : { cause }), ...options });
}

/** What is wrong with a file, without the path that Node's own message repeats. */
export function fileProblem(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EISDIR") return "it is a directory";
  return code ?? String(error);
}
