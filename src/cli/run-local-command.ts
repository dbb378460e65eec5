import { asRelightError, ExitCode, RelightError } from "../errors.ts";
import { jsonError, reportError } from "./report-error.ts";

export interface LocalCommandSettings {
  /** With `--json` a failure is a `summary` document on stdout, beside the message on stderr. */
  readonly json: boolean;
  /** Name in the summary: "archive info". */
  readonly command: string;
  /** Throws USAGE where flags contradict each other: before anything is done. */
  readonly validate?: () => void;
  /** What is said at the first Ctrl-C. */
  readonly stopping?: string;
}

let exitCode: ExitCode = ExitCode.ok;

/** The exit code of the command that ran. */
export const commandExitCode = (): ExitCode => exitCode;

/** Writes one JSON document on a line of its own to stdout. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** The last line of `--json` output of a command that failed as a whole. */
export function failureSummary(command: string, error: RelightError): object {
  return { type: "summary", command, ok: false, exit_code: error.exitCode, error: jsonError(error) };
}

/** Runs one command: passes on Ctrl-C as an abort, reports errors and sets the exit code, which is what `work` returns. */
export async function runLocalCommand(
  settings: LocalCommandSettings,
  work: (context: { readonly signal: AbortSignal }) => Promise<ExitCode>,
): Promise<void> {
  const controller = new AbortController();
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts++;
    if (interrupts === 1) {
      const said = settings.stopping ?? "stopping, and cleaning up; press Ctrl-C again to leave at once";
      process.stderr.write(`\nrelight: ${said}\n`);
      controller.abort(new RelightError("CANCELLED", "cancelled"));
    } else process.exit(ExitCode.cancelled);
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    settings.validate?.();
    exitCode = await work({ signal: controller.signal });
  } catch (thrown) {
    const known = asRelightError(thrown);
    // Who cancels closes connections, and whoever still waits for an answer there may be the first to say so.
    const lost = !(thrown instanceof RelightError) || known.exitCode === ExitCode.unreachable;
    const error =
      controller.signal.aborted && lost ? new RelightError("CANCELLED", "cancelled", { cause: thrown }) : known;
    if (settings.json) printJson(failureSummary(settings.command, error));
    exitCode = reportError(error);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}
