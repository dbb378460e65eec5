import { RelightError } from "../../errors.ts";
import { ApiErrorCode } from "../../jetstream/api-error-codes.ts";
import type { Session } from "../../jetstream/session.ts";
import type { PreparedRestore } from "./prepare-restore.ts";

/**
 * The same error, with the cure where it can be that the cluster has servers of several versions, as while it is upgraded: a v2
 * archive suits the server that answers here, and the one that gets the stream, or leads the others, may be older and know none.
 */
export function withMixedVersionsHint(error: unknown, { plan }: PreparedRestore, { api }: Session): unknown {
  const asV2 = plan.format === "v2" && plan.route === "as-is";
  if (!asV2 || !api.connection.info?.cluster || !(error instanceof RelightError)) return error;
  if (error.code !== "RESTORE_FAILED" && error.code !== "RESTORE_MISMATCH") return error;
  // That one has a cure of its own.
  if (error.context.errCode === ApiErrorCode.noPeers) return error;
  // What a server before 2.15 says of a v2 archive.
  const older = /invalid tar header/.test(error.message);
  const hint = older
    ? `The server that the stream came to is older than ${api.serverVersion.text}, which answers here: run the command again through one of the older servers (--server).`
    : "Where the cluster has servers of several versions, run the command again through one of the oldest (--server).";
  return new RelightError(error.code, error.message, { cause: error, context: error.context, hint });
}
