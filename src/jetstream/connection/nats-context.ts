import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { RelightError } from "../../errors.ts";
import { type Environment, fileProblem, homeDirectory } from "./file-reference.ts";

/** The fields of a context that Relight uses, by the names they have in the file. Empty ones are left out. */
export interface ContextFields {
  readonly url?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly nkey?: string;
  readonly user_jwt?: string;
  readonly user_seed?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly tls_first?: boolean;
  readonly jetstream_domain?: string;
  readonly jetstream_api_prefix?: string;
  readonly inbox_prefix?: string;
  readonly socks_proxy?: string;
}

/** A context of the nats CLI, as its file has it. */
export interface NatsContext {
  readonly name: string;
  readonly path: string;
  readonly fields: ContextFields;
}

const textFields = [
  "url",
  "user",
  "password",
  "token",
  "creds",
  "nkey",
  "user_jwt",
  "user_seed",
  "cert",
  "key",
  "ca",
  "jetstream_domain",
  "jetstream_api_prefix",
  "inbox_prefix",
  "socks_proxy",
] as const satisfies readonly (keyof ContextFields)[];

/** Fields that change how the CLI connects and that Relight cannot honour: to ignore them could reach another server. */
const unsupported: Readonly<Record<string, string>> = {
  nsc: "it takes its credentials from the nsc tool; write them to a file with `nsc generate creds` and use --creds",
  windows_cert_store: "it takes its certificates from the Windows certificate store; use cert, key and ca files",
};

/** The folder that holds `context/<name>.json` and `context.txt`: below XDG_CONFIG_HOME, or else ~/.config. */
export function contextFolder(environment: Environment): string {
  return join(environment.XDG_CONFIG_HOME || join(homeDirectory(environment), ".config"), "nats");
}

/** The context that `nats context select` has selected, or undefined where none is. */
export function selectedContext(environment: Environment): string | undefined {
  try {
    return readFileSync(join(contextFolder(environment), "context.txt"), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a context as the nats CLI does: `name` is a name, or the path of an existing file that ends in `.json`.
 * Unknown fields are the CLI's business and are ignored. The files are only read, never changed.
 *
 * Throws CONTEXT_INVALID with the path: no such context, not JSON, a field of the wrong type or one that Relight cannot
 * honour. No message shows the file's content, since it may hold passwords.
 */
export function loadContext(name: string, environment: Environment): NatsContext {
  const path = contextPath(name, environment);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw invalid(`there is no context "${name}" (${path})`, knownContextsHint(environment));
    }
    throw invalid(`the context ${path} cannot be read: ${fileProblem(error)}`);
  }
  return { name: basename(path).replace(/\.json$/, ""), path, fields: parseContext(text, path) };
}

function contextPath(name: string, environment: Environment): string {
  if (name.endsWith(".json") && existsSync(name)) return name;
  if (name.includes("..") || /[/\\]/.test(name)) {
    throw invalid(`"${name}" is neither the name of a context nor the path of a .json file that exists`);
  }
  return join(contextFolder(environment), "context", `${name}.json`);
}

function parseContext(text: string, path: string): ContextFields {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    // JSON.parse quotes the text in its message; only the position may be shown.
    const position = /position \d+/.exec(error instanceof Error ? error.message : "")?.[0];
    throw invalid(`the context ${path} is not valid JSON${position ? ` (at ${position})` : ""}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw invalid(`the context ${path} is not a JSON object`);
  }
  const record = content as Readonly<Record<string, unknown>>;
  for (const [field, why] of Object.entries(unsupported)) {
    if (record[field]) throw invalid(`the context ${path} cannot be used: ${why}`);
  }
  const fields: { -readonly [K in keyof ContextFields]: ContextFields[K] } = {};
  for (const field of textFields) {
    const value = record[field] ?? "";
    if (typeof value !== "string") throw invalid(`the context ${path} has a "${field}" that is not text`);
    if (value !== "") fields[field] = value;
  }
  const tlsFirst = record.tls_first ?? false;
  if (typeof tlsFirst !== "boolean") throw invalid(`the context ${path} has a "tls_first" that is not true or false`);
  if (tlsFirst) fields.tls_first = true;
  return fields;
}

function knownContextsHint(environment: Environment): string {
  const folder = join(contextFolder(environment), "context");
  let names: string[] = [];
  try {
    names = readdirSync(folder)
      .filter((entry) => entry.endsWith(".json"))
      .map((entry) => entry.replace(/\.json$/, ""))
      .sort();
  } catch {
    // No folder, no contexts.
  }
  return names.length === 0 ? `There are no contexts in ${folder}.` : `Known contexts: ${names.join(", ")}`;
}

function invalid(message: string, hint?: string): RelightError {
  return new RelightError("CONTEXT_INVALID", message, hint === undefined ? {} : { hint });
}
