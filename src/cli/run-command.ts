import type { ExitCode } from "../errors.ts";
import type { ConnectionFlags } from "../jetstream/connection/resolve-connection-settings.ts";
import type { Session } from "../jetstream/session.ts";
import { type LocalCommandSettings, runLocalCommand } from "./run-local-command.ts";

/** What a command has at hand while it runs. */
export interface CommandContext {
  readonly session: Session;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

export interface CommandSettings extends LocalCommandSettings {
  readonly flags: ConnectionFlags;
}

/** Runs one command that talks to a server: connects, then as {@link runLocalCommand}. */
export async function runCommand(
  settings: CommandSettings,
  work: (context: CommandContext) => Promise<ExitCode>,
): Promise<void> {
  await runLocalCommand(settings, async ({ signal }) => {
    // The NATS client is half of what is to be loaded, and who looks into a backup needs none of it.
    const { openCliSession } = await import("./open-cli-session.ts");
    await using session = await openCliSession(settings.flags, signal);
    // Awaited here: the session is closed when this returns.
    return await work({ session, signal });
  });
}
