import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { type ErrorCode, isRelightError, type RelightError } from "../errors.ts";
import { type ConnectOptions, connect } from "../jetstream/connection/connect.ts";
import {
  type ConnectionFlags,
  resolveConnectionSettings,
} from "../jetstream/connection/resolve-connection-settings.ts";

/** A home directory of a test's own, and connecting from there as the command line does: by flags and contexts. */
export class ConnectionHome {
  readonly path = mkdtempSync(join(tmpdir(), "relight-connect-"));
  readonly #environment = { HOME: this.path, XDG_CONFIG_HOME: this.path };

  /** Writes a file below the home directory and returns its path. */
  readonly file = (name: string, content: string): string => {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };

  readonly open = (flags: ConnectionFlags, options: ConnectOptions = {}): Promise<NatsConnection> => {
    const settings = resolveConnectionSettings({ timeout: "3s", ...flags }, this.#environment);
    return connect(settings, { environment: this.#environment, ...options });
  };

  /** The user that the server (2.10 or newer) takes the connection for. */
  readonly whoAmI = async (flags: ConnectionFlags): Promise<string> => {
    const connection = await this.open(flags);
    try {
      const answer = (await connection.request("$SYS.REQ.USER.INFO")).json<{ data: { user: string } }>();
      return answer.data.user;
    } finally {
      await connection.close();
    }
  };

  /** The error that connecting ends with; fails if it is of another code, or if one of its texts holds a secret. */
  readonly failure = async (
    code: ErrorCode,
    flags: ConnectionFlags,
    options: ConnectOptions & { readonly secrets?: readonly string[] } = {},
  ): Promise<RelightError> => {
    let error: unknown;
    try {
      await (await this.open(flags, options)).close();
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(error, "it connected");
    assert.ok(isRelightError(error, code), String(error));
    const shown = `${error.message} ${error.hint} ${error.cause} ${JSON.stringify(error.context)}`;
    for (const secret of options.secrets ?? []) assert.ok(!shown.includes(secret), `"${secret}" in: ${shown}`);
    return error;
  };

  readonly remove = (): void => rmSync(this.path, { recursive: true });
}
