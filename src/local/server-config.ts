/** What a local server is started with; everything has a default that fits a test or a drill. */
export interface ServerConfig {
  /** The server's name. Default: one that the server makes up. */
  readonly name?: string | undefined;
  /** For clients. Default: 0, one that the system chooses. */
  readonly port?: number | undefined;
  readonly domain?: string | undefined;
  /** Bytes. Default: the server's, 1 MiB. */
  readonly maxPayload?: number | undefined;
  /** Encrypts the store with this key. */
  readonly encryptionKey?: string | undefined;
  /** Default: "chachapoly". */
  readonly cipher?: "chachapoly" | "aes" | undefined;
  /** How often the store is flushed to disk: "always" or a time such as "2m". Servers before 2.10 do not know it. */
  readonly syncInterval?: string | undefined;
  /** Bytes that all streams on disk may take. Default: the server's. */
  readonly maxFileStore?: number | undefined;
  /** Bytes that all streams in memory may take. Default: the server's. */
  readonly maxMemoryStore?: number | undefined;
  /** Default: true. */
  readonly jetStreamEnabled?: boolean | undefined;
  /** Further lines inside `jetstream { }`. */
  readonly jetstream?: string | undefined;
  readonly accounts?: readonly AccountConfig[] | undefined;
  /**
   * Adds a system account SYS with the user sys, password sys. Where there are no `accounts`, it adds the account APP
   * too (user app, password app), which clients without credentials belong to.
   */
  readonly systemAccount?: boolean | undefined;
  /** The user that clients without credentials become. */
  readonly noAuthUser?: string | undefined;
  readonly tls?: TlsConfig | undefined;
  /** Listens for WebSocket clients too, without TLS. */
  readonly webSocket?: boolean | undefined;
  /** Listens for monitoring over HTTP too. */
  readonly monitor?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly cluster?: ClusterConfig | undefined;
  /** Further lines of configuration. */
  readonly config?: string | undefined;
}

export interface AccountConfig {
  readonly name: string;
  readonly users: readonly UserConfig[];
  /** Default: true. An object sets limits: bytes and counts. */
  readonly jetstream?: boolean | AccountLimits;
}

export interface AccountLimits {
  readonly max_file?: number;
  readonly max_mem?: number;
  readonly max_streams?: number;
  readonly max_consumers?: number;
}

export interface UserConfig {
  readonly user: string;
  readonly password: string;
  readonly permissions?: Readonly<Partial<Record<"publish" | "subscribe", Permission>>>;
}

export interface Permission {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** Paths of PEM files. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  /** Demands a certificate of the client. */
  readonly verify?: boolean;
}

export interface ClusterConfig {
  readonly name: string;
  readonly port: number;
  /** Ports of every node that the cluster begins with, this one too; or those that lead there. */
  readonly routes: readonly number[];
  /** Tells nobody how it can be reached: the others use their own routes, and nothing goes past them. */
  readonly unadvertised?: boolean | undefined;
}

/** Ports on which a server listens, 0 for one that the system shall choose. */
export interface ServerPorts {
  readonly client: number;
  readonly webSocket: number;
  readonly monitor: number;
}

const value = (text: string): string => JSON.stringify(text);
const onLoopback = (port: number): string => value(`127.0.0.1:${port === 0 ? -1 : port}`);

/** The text of a nats-server configuration that listens on loopback only and keeps its store in a given directory. */
export function serverConfigText(config: ServerConfig, ports: ServerPorts, storeDirectory: string): string {
  return [
    `listen: ${onLoopback(ports.client)}`,
    ...(config.name ? [`server_name: ${value(config.name)}`] : []),
    ...(config.maxPayload ? [`max_payload: ${config.maxPayload}`] : []),
    ...(config.monitor ? [`http: ${onLoopback(ports.monitor)}`] : []),
    ...(config.webSocket ? [`websocket { listen: ${onLoopback(ports.webSocket)}, no_tls: true }`] : []),
    ...(config.tags?.length ? [`server_tags: ${JSON.stringify(config.tags)}`] : []),
    ...(config.tls ? [tlsText(config.tls)] : []),
    ...(config.cluster ? [clusterText(config.cluster)] : []),
    ...accountsText(config),
    ...(config.jetStreamEnabled === false ? [] : jetStreamText(config, storeDirectory)),
    ...(config.config ? [config.config] : []),
    "",
  ].join("\n");
}

function jetStreamText(config: ServerConfig, storeDirectory: string): readonly string[] {
  const { domain, encryptionKey, cipher = "chachapoly", syncInterval, maxFileStore, maxMemoryStore } = config;
  return [
    "jetstream {",
    `  store_dir: ${value(storeDirectory)}`,
    ...(domain ? [`  domain: ${value(domain)}`] : []),
    ...(encryptionKey ? [`  cipher: ${cipher}`, `  key: ${value(encryptionKey)}`] : []),
    ...(syncInterval ? [`  sync_interval: ${syncInterval}`] : []),
    ...(maxFileStore === undefined ? [] : [`  max_file_store: ${maxFileStore}`]),
    ...(maxMemoryStore === undefined ? [] : [`  max_memory_store: ${maxMemoryStore}`]),
    ...(config.jetstream ? [config.jetstream] : []),
    "}",
  ];
}

function accountsText(config: ServerConfig): readonly string[] {
  const { systemAccount = false, accounts = [] } = config;
  const app: AccountConfig = { name: "APP", users: [{ user: "app", password: "app" }] };
  const sys: AccountConfig = { name: "SYS", users: [{ user: "sys", password: "sys" }], jetstream: false };
  const own = accounts.length === 0 && systemAccount ? [app] : accounts;
  const all = systemAccount ? [...own, sys] : own;
  const noAuthUser = config.noAuthUser ?? (own[0] === app ? "app" : undefined);
  if (all.length === 0) return [];
  const texts = all.map(({ name, users, jetstream = true }) => {
    const limits = jetstream === true ? "enabled" : JSON.stringify(jetstream);
    const rights = jetstream === false ? "" : `jetstream: ${limits}, `;
    return `  ${name} { ${rights}users: ${JSON.stringify(users)} }`;
  });
  return [
    "accounts {",
    ...texts,
    "}",
    ...(systemAccount ? ["system_account: SYS"] : []),
    ...(noAuthUser ? [`no_auth_user: ${value(noAuthUser)}`] : []),
  ];
}

function tlsText({ cert, key, ca, verify }: TlsConfig): string {
  const trusted = ca ? `, ca_file: ${value(ca)}` : "";
  return `tls { cert_file: ${value(cert)}, key_file: ${value(key)}${trusted}${verify ? ", verify: true" : ""} }`;
}

function clusterText({ name, port, routes, unadvertised }: ClusterConfig): string {
  const urls = routes.map((route) => `nats://127.0.0.1:${route}`);
  // A port where nobody listens: `no_advertise` alone keeps clients from it, and the other nodes still hear of it.
  const hidden = unadvertised ? `, no_advertise: true, cluster_advertise: "127.0.0.1:9"` : "";
  return `cluster { name: ${value(name)}, listen: ${onLoopback(port)}, routes: ${JSON.stringify(urls)}${hidden} }`;
}
