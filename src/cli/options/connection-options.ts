import { type Command, Option } from "commander";
import type { ConnectionFlags } from "../../jetstream/connection/resolve-connection-settings.ts";

/** The heading of the connection flags in the help. */
export const connectionHeading = "Connection:";

interface ConnectionOption {
  readonly flags: string;
  readonly help: string;
  /** The environment variable that stands in for the flag. */
  readonly variable?: string;
  /** Another spelling of a flag, which works and is not shown. */
  readonly hidden?: true;
}

const connectionOptions: readonly ConnectionOption[] = [
  { flags: "-s, --server <url>", help: "NATS server urls, separated by commas", variable: "NATS_URL" },
  { flags: "--user <user>", help: "Username or Token", variable: "NATS_USER" },
  { flags: "--password <password>", help: "Password", variable: "NATS_PASSWORD" },
  { flags: "--token <token>", help: "Token", variable: "NATS_TOKEN" },
  { flags: "--connection-name <name>", help: "Nickname of the NATS connection (default: relight)" },
  { flags: "--creds <file>", help: "User credentials", variable: "NATS_CREDS" },
  { flags: "--nkey <file>", help: "User NKEY", variable: "NATS_NKEY" },
  { flags: "--jwt <jwt>", help: "User JWT, or file://path", variable: "NATS_JWT" },
  { flags: "--seed <seed>", help: "User seed for --jwt, or file://path", variable: "NATS_SEED" },
  { flags: "--tlscert <file>", help: "TLS public certificate", variable: "NATS_CERT" },
  { flags: "--tlskey <file>", help: "TLS private key", variable: "NATS_KEY" },
  { flags: "--tlsca <file>", help: "TLS certificate authority chain", variable: "NATS_CA" },
  { flags: "--tlsfirst", help: "TLS handshake before the server's greeting" },
  { flags: "--no-tlsfirst", help: "Not so, whatever the context says" },
  { flags: "--tls-first", help: "--tlsfirst", hidden: true },
  {
    flags: "--timeout <duration>",
    help: "Time to wait on responses from NATS (default: 5s)",
    variable: "NATS_TIMEOUT",
  },
  { flags: "--socks-proxy <proxy>", help: "Not supported; none overrides a context's", variable: "NATS_SOCKS_PROXY" },
  { flags: "--js-api-prefix <prefix>", help: "Subject prefix for access to the JetStream API" },
  { flags: "--js-domain <domain>", help: "JetStream domain to access" },
  { flags: "--domain <domain>", help: "--js-domain", hidden: true },
  { flags: "--inbox-prefix <prefix>", help: "Custom prefix of inboxes" },
  { flags: "--context <name>", help: "Context of the nats CLI, by name or .json file", variable: "NATS_CONTEXT" },
  { flags: "--no-context", help: "Use no context, whatever is selected" },
];

/**
 * Adds the connection flags of the nats CLI to a command, under a heading of their own. The environment variables are
 * shown here and applied by `resolveConnectionSettings`, which needs to know where each value came from. `hideHelp` is for
 * the program itself, which takes them before the command as the nats CLI does.
 *
 * @example
 * const command = addConnectionOptions(new Command("ls"));
 * command.action(async () => {
 *   const connection = await connect(resolveConnectionSettings(connectionFlags(command)));
 * });
 */
export function addConnectionOptions(command: Command, settings: { readonly hideHelp?: boolean } = {}): Command {
  for (const { flags, help, variable, hidden } of connectionOptions) {
    const option = new Option(flags, variable === undefined ? help : `${help} ($${variable})`);
    option.helpGroup(connectionHeading);
    if (hidden || settings.hideHelp) option.hideHelp();
    command.addOption(option);
  }
  return command;
}

/** The connection flags that were typed, on the command itself or on one above it. */
export function connectionFlags(command: Command): ConnectionFlags {
  const { tlsFirst, domain, ...options } = command.optsWithGlobals<ConnectionFlags & Aliases>();
  return {
    server: options.server,
    user: options.user,
    password: options.password,
    token: options.token,
    creds: options.creds,
    nkey: options.nkey,
    jwt: options.jwt,
    seed: options.seed,
    tlscert: options.tlscert,
    tlskey: options.tlskey,
    tlsca: options.tlsca,
    tlsfirst: options.tlsfirst ?? tlsFirst,
    timeout: options.timeout,
    socksProxy: options.socksProxy,
    jsApiPrefix: options.jsApiPrefix,
    jsDomain: options.jsDomain ?? domain,
    inboxPrefix: options.inboxPrefix,
    connectionName: options.connectionName,
    context: options.context,
  };
}

interface Aliases {
  readonly tlsFirst?: boolean;
  readonly domain?: string;
}
