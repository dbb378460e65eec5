import { RelightError } from "../../errors.ts";
import { chooseCredentials } from "./choose-credentials.ts";
import type { ConnectionSettings, TlsSettings } from "./connection-settings.ts";
import type { Environment, Sourced } from "./file-reference.ts";
import { parseGoDuration } from "./go-duration.ts";
import { type ContextFields, loadContext, type NatsContext, selectedContext } from "./nats-context.ts";
import { parseServers } from "./server-url.ts";

/** The connection flags of the command line, by the names of the nats CLI. All optional; an empty text is not given. */
export interface ConnectionFlags {
  /** Server addresses, separated by commas. */
  readonly server?: string | undefined;
  /** A user name; without a password it is a token. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly creds?: string | undefined;
  readonly nkey?: string | undefined;
  readonly jwt?: string | undefined;
  readonly seed?: string | undefined;
  readonly tlscert?: string | undefined;
  readonly tlskey?: string | undefined;
  readonly tlsca?: string | undefined;
  readonly tlsfirst?: boolean | undefined;
  /** A duration in Go's syntax: "5s". */
  readonly timeout?: string | undefined;
  readonly socksProxy?: string | undefined;
  readonly jsApiPrefix?: string | undefined;
  readonly jsDomain?: string | undefined;
  readonly inboxPrefix?: string | undefined;
  readonly connectionName?: string | undefined;
  /** A context's name or path; false (`--no-context`): none, whatever is selected. */
  readonly context?: string | false | undefined;
}

const defaultServer = "nats://127.0.0.1:4222";
const defaultTimeout = "5s";
const defaultName = "relight";

/**
 * Puts the settings together as the nats CLI does, each on its own: the flag, else the environment variable, else the
 * context (named by `--context` or NATS_CONTEXT, or the selected one), else the default. Which credentials win where
 * there are several kinds: see `chooseCredentials`. Reads the context's file, nothing else, and writes nothing.
 *
 * Throws USAGE and CONTEXT_INVALID.
 *
 * @example
 * const settings = resolveConnectionSettings({ server: "tls://nats.example.com", creds: "~/orders.creds" });
 * const connection = await connect(settings);
 */
export function resolveConnectionSettings(
  flags: ConnectionFlags = {},
  environment: Environment = process.env,
): ConnectionSettings {
  const warnings: string[] = [];
  const context = findContext(flags, environment);
  const contextOrigin = `context "${context?.name}"`;
  const given = (flag: FlagName): Sourced<string> | undefined => {
    const { variable, option } = names[flag];
    const typed = flags[flag];
    if (typed) return { value: typed, origin: option };
    const set = variable === undefined ? undefined : environment[variable];
    return set ? { value: set, origin: `$${variable}` } : undefined;
  };
  const inContext = (field: TextField): Sourced<string> | undefined => {
    const value = context?.fields[field];
    return value ? { value, origin: contextOrigin } : undefined;
  };

  const servers = given("server") ?? inContext("url") ?? { value: defaultServer, origin: "default" };
  const addresses = parseServers(servers.value, servers.origin);
  const tls = resolveTls(flags, given, inContext, context);
  const { user, token } = resolveUser(given, inContext, warnings);
  const credentials = chooseCredentials(
    {
      user,
      token,
      password: given("password") ?? inContext("password"),
      creds: given("creds") ?? inContext("creds"),
      nkey: given("nkey") ?? inContext("nkey"),
      jwt: given("jwt") ?? inContext("user_jwt"),
      seed: given("seed") ?? inContext("user_seed"),
    },
    addresses,
    (message) => warnings.push(message),
  );
  refuseProxy(given("socksProxy") ?? inContext("socks_proxy"));
  const inboxPrefix = checkSubject(given("inboxPrefix") ?? inContext("inbox_prefix"));
  const jsDomain = checkSubject(given("jsDomain") ?? inContext("jetstream_domain"));
  const jsApiPrefix = checkSubject(given("jsApiPrefix") ?? inContext("jetstream_api_prefix"));
  if (jsDomain && jsApiPrefix) {
    const both = `the domain "${jsDomain.value}" (${jsDomain.origin}) and the API prefix "${jsApiPrefix.value}" (${jsApiPrefix.origin})`;
    throw new RelightError("USAGE", `${both} exclude each other`);
  }

  return {
    servers: addresses,
    serversOrigin: servers.origin,
    credentials,
    ...(token ? { token } : {}),
    tls,
    timeoutMs: resolveTimeout(given("timeout")),
    name: given("connectionName")?.value.trim() || defaultName,
    ...(inboxPrefix ? { inboxPrefix: inboxPrefix.value } : {}),
    ...(jsDomain ? { jsDomain: jsDomain.value } : {}),
    ...(jsApiPrefix ? { jsApiPrefix: jsApiPrefix.value } : {}),
    ...(context ? { contextName: context.name } : {}),
    warnings,
  };
}

type FlagName = Exclude<keyof ConnectionFlags, "tlsfirst" | "context">;
type TextField = Exclude<keyof ContextFields, "tls_first">;
type Given = (flag: FlagName) => Sourced<string> | undefined;
type InContext = (field: TextField) => Sourced<string> | undefined;

const names: Readonly<Record<FlagName, { readonly option: string; readonly variable?: string }>> = {
  server: { option: "--server", variable: "NATS_URL" },
  user: { option: "--user", variable: "NATS_USER" },
  password: { option: "--password", variable: "NATS_PASSWORD" },
  token: { option: "--token", variable: "NATS_TOKEN" },
  creds: { option: "--creds", variable: "NATS_CREDS" },
  nkey: { option: "--nkey", variable: "NATS_NKEY" },
  jwt: { option: "--jwt", variable: "NATS_JWT" },
  seed: { option: "--seed", variable: "NATS_SEED" },
  tlscert: { option: "--tlscert", variable: "NATS_CERT" },
  tlskey: { option: "--tlskey", variable: "NATS_KEY" },
  tlsca: { option: "--tlsca", variable: "NATS_CA" },
  timeout: { option: "--timeout", variable: "NATS_TIMEOUT" },
  socksProxy: { option: "--socks-proxy", variable: "NATS_SOCKS_PROXY" },
  jsApiPrefix: { option: "--js-api-prefix" },
  jsDomain: { option: "--js-domain" },
  inboxPrefix: { option: "--inbox-prefix" },
  connectionName: { option: "--connection-name" },
};

function findContext(flags: ConnectionFlags, environment: Environment): NatsContext | undefined {
  if (flags.context === false) return undefined;
  const named = flags.context || environment.NATS_CONTEXT;
  if (named) return loadContext(named, environment);
  const selected = selectedContext(environment);
  if (selected === undefined) return undefined;
  try {
    return loadContext(selected, environment);
  } catch (error) {
    if (!(error instanceof RelightError)) throw error;
    throw new RelightError("CONTEXT_INVALID", `the selected context cannot be used: ${error.message}`, {
      cause: error,
      hint: "Select another with `nats context select`, name one with --context, or use --no-context.",
    });
  }
}

/** A user name without a password, typed or in the environment, is a token; it goes before `--token` as in the CLI. */
function resolveUser(
  given: Given,
  inContext: InContext,
  warnings: string[],
): { readonly user: Sourced<string> | undefined; readonly token: Sourced<string> | undefined } {
  const user = given("user");
  const token = given("token") ?? inContext("token");
  if (!user || given("password")) return { user: user ?? inContext("user"), token };
  const other = inContext("user");
  if (other) {
    warnings.push(`${user.origin} has no password and is sent as a token, beside the user of ${other.origin}`);
  }
  return { user: other, token: user };
}

function resolveTls(
  flags: ConnectionFlags,
  given: Given,
  inContext: InContext,
  context: NatsContext | undefined,
): TlsSettings {
  const cert = given("tlscert") ?? inContext("cert");
  const key = given("tlskey") ?? inContext("key");
  const ca = given("tlsca") ?? inContext("ca");
  const alone = cert && !key ? cert : key && !cert ? key : undefined;
  if (alone) {
    const [has, lacks] = cert ? ["certificate", "key (--tlskey)"] : ["key", "certificate (--tlscert)"];
    throw new RelightError("USAGE", `there is a TLS ${has} (${alone.origin}) without its ${lacks}`);
  }
  return {
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(ca ? { ca } : {}),
    handshakeFirst: flags.tlsfirst ?? context?.fields.tls_first ?? false,
  };
}

function resolveTimeout(timeout: Sourced<string> = { value: defaultTimeout, origin: "default" }): number {
  const milliseconds = parseGoDuration(timeout.value, timeout.origin);
  // Timers of Node hold 31 bits of milliseconds, and fire at once beyond.
  if (milliseconds < 1 || milliseconds > 2 ** 31 - 1) {
    throw new RelightError("USAGE", `${timeout.origin}: a time-out of "${timeout.value}" makes no sense`, {
      hint: "The time-out is from 1ms to 24d.",
    });
  }
  return milliseconds;
}

function refuseProxy(proxy: Sourced<string> | undefined): void {
  if (proxy === undefined || ["none", "NONE", "-"].includes(proxy.value)) return;
  throw new RelightError("USAGE", `${proxy.origin} asks for a SOCKS proxy, which Relight does not support`, {
    hint: "Use a tunnel, or switch the proxy off with --socks-proxy none.",
  });
}

/** Something that becomes a part of subjects: tokens without blanks and wildcards, and no empty one. */
function checkSubject(part: Sourced<string> | undefined): Sourced<string> | undefined {
  if (part === undefined) return undefined;
  const value = part.value.replace(/\.$/, "");
  if (/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(value)) return { value, origin: part.origin };
  throw new RelightError("USAGE", `"${part.value}" (${part.origin}) cannot be part of a subject`, {
    hint: "It consists of words separated by dots, without blanks and wildcards.",
  });
}
