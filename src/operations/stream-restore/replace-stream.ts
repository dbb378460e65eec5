import { RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { putBackStream } from "./put-back.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";
import type { StandingOrigins } from "./standing-origins.ts";

export interface ReplaceOptions {
  readonly directory: string;
  readonly tool: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
}

/** A stream that was backed up for safety and then deleted. */
export interface ReplacedStream {
  readonly directory: string;
  /** RFC 3339. */
  readonly created: string | undefined;
  /** Restores it, and notes that it stands again; returns the error to throw, which says how that went. */
  putBack(error: unknown, standing: StandingOrigins): Promise<unknown>;
}

/**
 * Takes a proven safety backup of a live stream and deletes the stream, provided that nothing was published in between.
 * Throws what the backup throws, and SOURCE_CHANGED; the stream is untouched then.
 */
export async function replaceStream(
  session: Session,
  stream: string,
  options: ReplaceOptions,
): Promise<ReplacedStream> {
  const { directory } = options;
  options.onEvent?.({ kind: "safety-backup", stream, directory });
  const { manifest } = await backupStream(session, {
    stream,
    directory,
    tool: options.tool,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const now = await session.api.streamInfo(stream);
  if (now.created !== manifest.created || now.state.last_seq > manifest.content.streamLastSequence) {
    throw new RelightError(
      "SOURCE_CHANGED",
      `"${stream}" was written to after its safety backup (sequence ${manifest.content.streamLastSequence} → ` +
        `${now.state.last_seq}); nothing was touched, the safety backup is in ${directory}`,
      { context: { stream, directory }, hint: "Stop the publishers, then run the command again." },
    );
  }
  options.signal?.throwIfAborted();
  await session.api.deleteStream(stream);
  return {
    directory,
    created: manifest.created,
    putBack: async (error, standing) => {
      options.onEvent?.({ kind: "put-back", stream, directory });
      const base =
        error instanceof RelightError ? error : new RelightError("RESTORE_FAILED", String(error), { cause: error });
      try {
        await putBackStream(session, directory, options.tool, standing.asTheyWere);
        standing.putBack(stream, manifest);
        return new RelightError(base.code, `${base.message}; the stream that stood there before was put back`, {
          cause: error,
          context: { ...base.context, safety: directory },
          hint: base.hint,
        });
      } catch (second) {
        const why = second instanceof Error ? second.message : String(second);
        return new RelightError(
          base.code,
          `${base.message}; and the stream that stood there before could NOT be put back (${why})`,
          {
            cause: error,
            context: { ...base.context, safety: directory },
            hint: `Its safety backup is in ${directory}. Restore it with: relight stream restore ${directory}`,
          },
        );
      }
    },
  };
}
