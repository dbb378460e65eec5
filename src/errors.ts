/**
 * The one catalogue of errors. Callers branch on `code`, never on text; the command line takes its exit code from here.
 *
 * Every entry says what happened in general (`meaning`) and what cures it (`hint`). A thrown error carries a message
 * of its own with the particulars, a `context` of plain values, and a `cause` where there is one.
 */

/** Exit codes of the command line. They are a contract: see docs/errors.md. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongKey: 12,
  damaged: 13,
  unreachable: 14,
  drillFailed: 15,
  diverged: 16,
  cancelled: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

interface CatalogueEntry {
  readonly exit: ExitCode;
  readonly meaning: string;
  readonly hint: string;
}

export const catalogue = {
  USAGE: {
    exit: ExitCode.usage,
    meaning: "The command line or an option of the library is not valid.",
    hint: "Run the command with --help.",
  },
  CANCELLED: {
    exit: ExitCode.cancelled,
    meaning: "The operation was cancelled; what it had begun was removed or is named in the message.",
    hint: "Run the command again when you are ready.",
  },
  LOCKED: {
    exit: ExitCode.locked,
    meaning: "Another run of Relight works on the same thing.",
    hint: "Wait until it has ended.",
  },
  INTERNAL: {
    exit: ExitCode.failed,
    meaning: "Relight met a state that it believed impossible.",
    hint: "Please report this, with the command and the message.",
  },

  // Connecting
  CONNECT_FAILED: {
    exit: ExitCode.unreachable,
    meaning: "No NATS server could be reached at the given address.",
    hint: "Check --server, the context or NATS_URL, and that the server is up.",
  },
  AUTH_FAILED: {
    exit: ExitCode.unreachable,
    meaning: "The server refused the credentials.",
    hint: "Check --creds, --nkey, --user and --password, --token or the context.",
  },
  PERMISSION_DENIED: {
    exit: ExitCode.unreachable,
    meaning: "The credentials do not allow a subject that this operation needs.",
    hint: "Allow the subject named in the message for this user, or use credentials that may use the JetStream API.",
  },
  CONTEXT_INVALID: {
    exit: ExitCode.usage,
    meaning: "The NATS context does not exist or cannot be used.",
    hint: "List contexts with: ls ~/.config/nats/context",
  },
  CREDENTIALS_INVALID: {
    exit: ExitCode.usage,
    meaning: "A file of credentials, a key or a certificate is missing, unreadable or not what it should be.",
    hint: "The message names the file, and the flag, variable or context that named it.",
  },
  JETSTREAM_UNAVAILABLE: {
    exit: ExitCode.unreachable,
    meaning: "JetStream does not answer, or is not enabled for this account.",
    hint: "Check that JetStream is enabled on the server and for the account, and check --js-domain and --js-api-prefix.",
  },
  TIMEOUT: {
    exit: ExitCode.unreachable,
    meaning: "No answer came in time. Whether the server acted is unknown.",
    hint: "Look at the state before you repeat the command; raise --timeout on a slow link.",
  },
  API_ERROR: {
    exit: ExitCode.failed,
    meaning: "The JetStream API answered with an error.",
    hint: "The server's own description is in the message.",
  },
  CONNECTION_LOST: {
    exit: ExitCode.unreachable,
    meaning: "The connection was lost in the middle of the operation.",
    hint: "Nothing unproven was kept. Run the command again.",
  },

  // Streams
  STREAM_NOT_FOUND: {
    exit: ExitCode.failed,
    meaning: "The account has no stream of this name.",
    hint: "List the streams with: relight stream ls",
  },
  STREAM_EXISTS: {
    exit: ExitCode.failed,
    meaning: "A stream of this name exists already.",
    hint: "Use --if-exists skip to leave it, or --if-exists replace to replace it after a safety backup.",
  },
  STREAM_OFFLINE: {
    exit: ExitCode.unreachable,
    meaning: "The stream has no leader: too few of its replicas are up.",
    hint: "Bring its servers back, then run the command again. Where they will not come back: relight cluster plan.",
  },

  // Snapshot
  SNAPSHOT_FAILED: {
    exit: ExitCode.failed,
    meaning: "The server ended the snapshot with an error.",
    hint: "The server's own description is in the message; its log may say more.",
  },
  SNAPSHOT_STALLED: {
    exit: ExitCode.failed,
    meaning: "The server stopped sending, or gave up waiting for acknowledgements.",
    hint: "Try a smaller --window-size and --chunk-size, or a connection nearer to the server.",
  },
  SNAPSHOT_INCOMPLETE: {
    exit: ExitCode.failed,
    meaning: "The snapshot ended, but what arrived is not the whole stream.",
    hint: "Run the backup again, at a quieter time if the stream is losing messages to its limits very quickly.",
  },
  SNAPSHOT_UNSUPPORTED: {
    exit: ExitCode.failed,
    meaning: "This server cannot make a snapshot of this stream.",
    hint: "Where a server before 2.15 hands out no messages of a stream in memory, only 2.15 or newer can back it up.",
  },
  SOURCE_CHANGED: {
    exit: ExitCode.failed,
    meaning: "The stream was deleted, re-created or changed leader while the backup ran.",
    hint: "Run the backup again.",
  },

  // Archives and directories
  ARCHIVE_DAMAGED: {
    exit: ExitCode.damaged,
    meaning: "The archive is truncated or damaged.",
    hint: "Use another backup. What of this one can still be read: relight archive verify; to take it: relight archive convert --salvage.",
  },
  BACKUP_NOT_FOUND: {
    exit: ExitCode.failed,
    meaning: "The path holds no backup that Relight can read.",
    hint: "A backup is a directory with backup.json and an archive, an account directory of those, or a .tgz.",
  },
  BACKUP_INVALID: {
    exit: ExitCode.damaged,
    meaning: "The backup's own description is missing, contradictory or unfinished.",
    hint: "Use another backup.",
  },
  BACKUP_EXISTS: {
    exit: ExitCode.failed,
    meaning: "The target directory exists already and is not empty.",
    hint: "Choose another directory, or --force to replace it once the new backup is proven.",
  },
  FILE_SYSTEM: {
    exit: ExitCode.failed,
    meaning: "The file system refused to read or write.",
    hint: "Check the path, its permissions and the free space.",
  },

  // Restore
  RESTORE_REFUSED: {
    exit: ExitCode.failed,
    meaning: "The preflight found that this restore would fail or lose data; nothing was touched.",
    hint: "Each reason is listed with its cure.",
  },
  RESTORE_FAILED: {
    exit: ExitCode.failed,
    meaning: "The server refused the restore; what this run had created was removed.",
    hint: "The server's own description is in the message.",
  },
  RESTORE_MISMATCH: {
    exit: ExitCode.failed,
    meaning: "The server reported success, but the stream does not hold what the archive holds.",
    hint: "The message says what differs.",
  },
  PARTIAL: {
    exit: ExitCode.incomplete,
    meaning: "Some of the streams were done and some failed.",
    hint: "The report names each failure; run the command again for those.",
  },

  // Recovering a cluster
  PLAN_OUTDATED: {
    exit: ExitCode.incomplete,
    meaning: "The cluster is not as the plan had it; this step was not done.",
    hint: "Run the command again: it looks and plans anew.",
  },
  STEP_UNVERIFIED: {
    exit: ExitCode.failed,
    meaning: "A step of the recovery was sent, and what it should bring about was not seen in time.",
    hint: "Look before anything else is done: relight cluster status. Running relight cluster apply again goes on from there.",
  },

  // Local servers (demo, drills, tests)
  SERVER_NOT_FOUND: {
    exit: ExitCode.failed,
    meaning: "No nats-server of the wanted version could be found or fetched.",
    hint: "Put nats-server on PATH, or set NATS_SERVER to its path.",
  },
  SERVER_START_FAILED: {
    exit: ExitCode.failed,
    meaning: "A local nats-server did not become ready.",
    hint: "Its last log lines are in the message.",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export interface RelightErrorOptions {
  /** Plain values that name the particulars: stream, path, offset, server's err_code. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** A hint that fits this case better than the catalogue's. */
  readonly hint?: string;
}

/** The only kind of error that Relight throws on purpose. */
export class RelightError extends Error {
  static override readonly name = "RelightError";
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: RelightErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "RelightError";
    this.code = code;
    this.exitCode = catalogue[code].exit;
    this.hint = options.hint ?? catalogue[code].hint;
    this.context = options.context ?? {};
  }
}

/** Anything that was thrown, as one of the catalogue; a stack is kept only for what should not happen. */
export function asRelightError(error: unknown): RelightError {
  if (error instanceof RelightError) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RelightError("INTERNAL", text, { cause: error });
}

/** True for a Relight error, of the given code where one is given. */
export function isRelightError(error: unknown, code?: ErrorCode): error is RelightError {
  return error instanceof RelightError && (code === undefined || error.code === code);
}
