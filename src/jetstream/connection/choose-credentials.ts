import { RelightError } from "../../errors.ts";
import type { Credentials } from "./connection-settings.ts";
import type { Sourced } from "./file-reference.ts";
import type { ServerAddress } from "./server-url.ts";

/** Every credential that was given, from wherever it came. */
export interface GivenCredentials {
  readonly user: Sourced<string> | undefined;
  readonly password: Sourced<string> | undefined;
  readonly token: Sourced<string> | undefined;
  readonly creds: Sourced<string> | undefined;
  readonly nkey: Sourced<string> | undefined;
  readonly jwt: Sourced<string> | undefined;
  readonly seed: Sourced<string> | undefined;
}

const ranking = ["user", "creds", "nkey", "jwt"] as const;

/**
 * Chooses the one kind of credentials that is used, in the order of the nats CLI: user, creds, nkey, JWT, wherever each
 * came from. So a context's user goes before `--creds`; and a user in a server's URL goes before a user and an nkey.
 *
 * The CLI then ignores the others without a word, and connects as someone else than was asked for. Relight connects as
 * the same user as the CLI or not at all: what has no effect is a warning where it came from the environment or a
 * context, and an error where it was typed.
 *
 * Throws USAGE.
 */
export function chooseCredentials(
  given: GivenCredentials,
  servers: readonly ServerAddress[],
  warn: (message: string) => void,
): Credentials {
  const { user, password, creds, nkey, jwt, seed } = given;
  const [chosen, ...others] = ranking.filter((kind) => given[kind]);
  const noEffect = (name: keyof GivenCredentials, why: string): void => {
    const message = `${label(given, name)} has no effect: ${why}`;
    if (!given[name]?.origin.startsWith("--")) {
      warn(message);
      return;
    }
    throw new RelightError("USAGE", message, {
      hint: "Give one kind of credentials; --no-context leaves out those of the context.",
    });
  };

  if (chosen) for (const other of others) noEffect(other, `${label(given, chosen)} goes before it`);
  if (password && !user) noEffect("password", "there is no user to go with it");
  if (seed && chosen !== "jwt") noEffect("seed", "there is no JWT in use to go with it");
  const withUser = servers.find((server) => server.userInfo);
  if (withUser) {
    const why = `the address ${withUser.url} carries a user of its own`;
    if (chosen === "user" || chosen === "nkey") noEffect(chosen, why);
    if (given.token) noEffect("token", why);
  }

  if (user) return { kind: "user", user, password: password ?? { value: "", origin: user.origin } };
  if (creds) return { kind: "creds", file: creds };
  if (nkey) return { kind: "nkey", file: nkey };
  if (jwt) return { kind: "jwt", jwt, ...(seed ? { seed } : {}) };
  return { kind: "none" };
}

/** A flag and a variable say by their name what they give; a context needs the field's name with it. */
function label(given: GivenCredentials, name: keyof GivenCredentials): string {
  const origin = given[name]?.origin ?? "";
  return /^(--|\$)/.test(origin) ? origin : `the ${name} of ${origin}`;
}
