import type { StreamInfo } from "../api-types.ts";
import { isAtLeast, type ServerVersion } from "../server-version.ts";

/**
 * Ways of reading a stream message by message; the last one works everywhere and is the slowest. One direct get for each message
 * is for streams that have no leader.
 */
export type CaptureMethod = "consumer" | "direct-get" | "single-direct-get" | "message-get";

/** Fewer messages are read one by one, which is exact everywhere, in the same time. */
const fewMessages = 500;

/**
 * The ways that fit a stream, the best one first. Pure.
 *
 * A consumer is by far the fastest, but a work queue takes none beside its own, and on an interest stream it would count as
 * interest: its end can remove what nobody else waits for. Batches of direct gets are answered by any replica, and by mirrors
 * that may lag or keep what is deleted, so they are left to streams of a single replica; `exact` rules them out.
 */
export function chooseMethods(info: StreamInfo, version: ServerVersion, options: ChooseOptions): CaptureMethod[] {
  const { config, state } = info;
  const methods: CaptureMethod[] = [];
  const maxConsumers = Number(config.max_consumers ?? -1);
  const roomForOne = maxConsumers <= 0 || state.consumer_count < maxConsumers;
  const limits = config.retention === undefined || config.retention === "limits";
  if (limits && roomForOne && !options.imported) methods.push("consumer");
  const batches = config.allow_direct === true && isAtLeast(version, 2, 11) && (config.num_replicas ?? 1) === 1;
  if (batches && !options.exact && state.messages >= fewMessages) methods.push("direct-get");
  return [...methods, "message-get"];
}

export interface ChooseOptions {
  /** The API is another account's: messages reach this one as answers to requests only. */
  readonly imported: boolean;
  /** Only what the stream's leader itself says. */
  readonly exact: boolean;
}
