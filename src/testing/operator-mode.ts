import { createHash } from "node:crypto";
import { nkeys } from "@nats-io/nats-core";

/** How a user of an account differs from an ordinary one. */
export interface UserChoices {
  /** When the JWT ceases to be valid. */
  readonly expires?: Date;
  /** The JWT alone is enough to connect, without a signature of the user's key. */
  readonly bearer?: boolean;
}

export interface OperatorUser {
  /** What the server calls the user. */
  readonly publicKey: string;
  readonly jwt: string;
  readonly seed: string;
  /** The contents of a credentials file, as `nsc generate creds` writes it. */
  readonly creds: string;
}

/** An operator with a system account and one for users, made up on the spot. */
export interface OperatorMode {
  /** The part of a nats-server's configuration that trusts this operator and knows the account. */
  readonly config: string;
  user(choices?: UserChoices): OperatorUser;
  /** A user of the system account. */
  systemUser(): OperatorUser;
  /** What the servers call the account for users. */
  readonly account: string;
}

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** Signs an operator and an account for a nats-server in operator mode, and users to connect to it. */
export function makeOperatorMode(): OperatorMode {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const systemAccount = nkeys.createAccount();
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const operatorJwt = sign(operator, operator, "test", { type: "operator" });
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accountJwt = (of: KeyPair, more: object): string =>
    sign(of, operator, "test", {
      type: "account",
      limits: { ...limits, ...more },
      default_permissions: { pub: {}, sub: {} },
    });
  // A server does not start with JetStream in its system account.
  const preload = [
    `${account.getPublicKey()}: ${accountJwt(account, jetStream)}`,
    `${systemAccount.getPublicKey()}: ${accountJwt(systemAccount, {})}`,
  ];
  const userOf = (of: KeyPair, choices: UserChoices): OperatorUser => {
    const key = nkeys.createUser();
    const rights = { ...unlimited, pub: {}, sub: {}, ...(choices.bearer ? { bearer_token: true } : {}) };
    const jwt = sign(key, of, "bob", { type: "user", ...rights }, choices.expires);
    const seed = new TextDecoder().decode(key.getSeed());
    return {
      publicKey: key.getPublicKey(),
      jwt,
      seed,
      creds: decorate("NATS USER JWT", jwt) + decorate("USER NKEY SEED", seed),
    };
  };
  return {
    account: account.getPublicKey(),
    config: [
      `operator: ${operatorJwt}`,
      "resolver: MEMORY",
      `system_account: ${systemAccount.getPublicKey()}`,
      `resolver_preload: { ${preload.join(", ")} }`,
    ].join("\n"),
    user: (choices = {}) => userOf(account, choices),
    systemUser: () => userOf(systemAccount, {}),
  };
}

/** A NATS JWT (version 2): the claims of `subject`, signed with the issuer's key. Source: github.com/nats-io/jwt. */
function sign(subject: KeyPair, issuer: KeyPair, name: string, nats: object, expires?: Date): string {
  const claims = {
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    name,
    sub: subject.getPublicKey(),
    ...(expires ? { exp: Math.floor(expires.getTime() / 1_000) } : {}),
    nats: { ...nats, version: 2 },
  };
  const jti = createHash("sha512-256").update(JSON.stringify(claims)).digest("hex");
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part({ jti, ...claims })}`;
  return `${body}.${Buffer.from(issuer.sign(new TextEncoder().encode(body))).toString("base64url")}`;
}

function decorate(title: string, content: string): string {
  return `-----BEGIN ${title}-----\n${content}\n------END ${title}------\n\n`;
}
