/**
 * Relight's conversation with nats-servers, as a library: the snapshot API that the NATS clients for JavaScript lack.
 *
 * @example
 * import { connect } from "@nats-io/transport-node";
 * import { restoreStream, snapshotStream } from "relight/jetstream";
 *
 * const connection = await connect({ reconnect: false });
 * const snapshot = await snapshotStream(connection, "ORDERS", { onProgress: ({ bytes }) => console.log(bytes) });
 * for await (const chunk of snapshot.chunks) await file.write(chunk);
 *
 * const info = await restoreStream(connection, { config: snapshot.config, archive: createReadStream("orders.s2") });
 */
export { type ErrorCode, ExitCode, isRelightError, RelightError } from "../errors.ts";
export type * from "./api-types.ts";
export { JetStreamApi, type JetStreamApiOptions } from "./jetstream-api.ts";
export { type RestoreOptions, type RestoreProgress, restoreStream } from "./restore.ts";
export { parseServerVersion, type ServerVersion } from "./server-version.ts";
export {
  type Snapshot,
  type SnapshotEnd,
  type SnapshotOptions,
  type SnapshotProgress,
  snapshotStream,
} from "./snapshot.ts";
export { type VersionRules, versionRules } from "./version-rules.ts";
export type { Wire, WireMessage } from "./wire/wire.ts";
