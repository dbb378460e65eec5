import {
  type Auth,
  type Authenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { type Environment, readReference, readSecret, type Sourced } from "./file-reference.ts";
import type { UserInfo } from "./server-url.ts";

/** What goes into the CONNECT message, read and checked. */
export interface LoadedCredentials {
  /** Answers the server's nonce. The user info of a server's URL goes before user, token and nkey, as in NATS clients. */
  authenticate(nonce: string | undefined, userInfo: UserInfo | undefined): Auth;
  /** When the user's JWT ceases to be valid, if it is one that does. */
  readonly expires?: Date;
}

/**
 * Reads the credentials that the settings name.
 *
 * Throws CREDENTIALS_INVALID: a file that is missing, unreadable or does not hold what it should. No message shows
 * what it holds.
 */
export async function loadCredentials(
  settings: ConnectionSettings,
  environment: Environment,
): Promise<LoadedCredentials> {
  const { credentials } = settings;
  const plain: Authenticator[] = [];
  let jwt: Authenticator | undefined;
  let expires: Date | undefined;
  switch (credentials.kind) {
    case "none":
      break;
    case "user": {
      const password = await readSecret(credentials.password, "the password", environment);
      plain.push(usernamePasswordAuthenticator(credentials.user.value, password));
      break;
    }
    case "nkey": {
      const content = await readReference(credentials.file, "the nkey file", environment);
      plain.push(nkeyAuthenticator(userSeed(findSeed(content.toString("utf8")), "the nkey file", credentials.file)));
      break;
    }
    case "creds": {
      const content = (await readReference(credentials.file, "the credentials file", environment)).toString("utf8");
      const token = findJwt(content);
      if (token === undefined) throw invalid("the credentials file", credentials.file, "holds no JWT");
      jwt = jwtAuthenticator(token, userSeed(findSeed(content), "the credentials file", credentials.file));
      expires = expiry(token);
      break;
    }
    case "jwt": {
      const token = findJwt(await readSecret(credentials.jwt, "the JWT", environment));
      if (token === undefined) throw invalid("the JWT", credentials.jwt, "is not one; write file:// before a path");
      const { seed } = credentials;
      // Without a seed it is a bearer token: the server does not ask for a signature.
      const key = seed && userSeed(findSeed(await readSecret(seed, "the seed", environment)), "the seed", seed);
      jwt = key ? jwtAuthenticator(token, key) : jwtAuthenticator(token);
      expires = expiry(token);
      break;
    }
  }
  if (settings.token) plain.push(tokenAuthenticator(await readSecret(settings.token, "the token", environment)));

  return {
    authenticate(nonce, userInfo) {
      const used = userInfo ? [ofUserInfo(userInfo)] : [...plain];
      if (jwt) used.push(jwt);
      return Object.assign({}, ...used.map((authenticator) => authenticator(nonce) ?? {})) as Auth;
    },
    ...(expires ? { expires } : {}),
  };
}

function ofUserInfo(userInfo: UserInfo): Authenticator {
  if (userInfo.kind === "token") return tokenAuthenticator(userInfo.token);
  return usernamePasswordAuthenticator(userInfo.user, userInfo.password);
}

/** The JWT in a credentials file (between two lines of dashes) or alone: three base64url parts on a line of their own. */
function findJwt(content: string): string | undefined {
  return /^\s*([\w-]+\.[\w-]+\.[\w-]+)\s*$/m.exec(content)?.[1];
}

/** The first line that is the seed of an nkey. */
function findSeed(content: string): string | undefined {
  return /^\s*(S[A-Z2-7]{57,})\s*$/m.exec(content)?.[1];
}

function userSeed(seed: string | undefined, what: string, from: Sourced<string>): Uint8Array {
  if (seed === undefined) throw invalid(what, from, "holds no seed of an nkey");
  const bytes = new TextEncoder().encode(seed);
  let publicKey: string;
  try {
    publicKey = nkeys.fromSeed(bytes).getPublicKey();
  } catch {
    throw invalid(what, from, "holds a damaged seed");
  }
  if (!publicKey.startsWith("U")) throw invalid(what, from, "holds a seed that is not a user's (it begins with SU)");
  return bytes;
}

function expiry(jwt: string): Date | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8"));
    const seconds = (claims as { readonly exp?: unknown }).exp;
    return typeof seconds === "number" && seconds > 0 ? new Date(seconds * 1_000) : undefined;
  } catch {
    return undefined; // the server will judge it
  }
}

/** A secret that was given as itself must not be shown; a reference may. */
function invalid(what: string, from: Sourced<string>, why: string): RelightError {
  const shown = what.endsWith("file") && !from.value.startsWith("data:") ? ` ${from.value}` : "";
  return new RelightError("CREDENTIALS_INVALID", `${what}${shown} (${from.origin}) ${why}`);
}
