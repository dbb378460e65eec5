import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";
import type { PreparedRestore } from "./prepare-restore.ts";

/** A server drops a restore that it hears nothing of for 5 s; only then is it clear what is left of it. */
const settleMs = 7_000;

/**
 * Removes the stream that a failed restore left, and only that: a stream that somebody else created under the name
 * meanwhile stays. Returns what is left behind, in words, or undefined when nothing is.
 */
export async function removeHalfMade(
  session: Session,
  prepared: PreparedRestore,
  error: unknown,
  startedMs: number,
): Promise<string | undefined> {
  const { plan } = prepared;
  if (isRelightError(error, "STREAM_EXISTS")) return undefined;
  const unknown = ["CONNECTION_LOST", "TIMEOUT", "CANCELLED"].some(
    (code) => isRelightError(error) && error.code === code,
  );
  const until = Date.now() + (unknown ? settleMs : 1_500);
  let looked = false;
  let seen = false;
  let failure = "";
  for (;;) {
    try {
      const found = await session.api.findStream(plan.stream);
      looked = true;
      if (found && !isOurs(found, prepared, startedMs)) {
        return `a stream "${plan.stream}" exists that this run did not create; it was not touched`;
      }
      const stub = found === undefined && (await isStub(session, plan.stream));
      // Twice, so that a stream that somebody else is creating right now is never taken for one.
      if (found || (stub && seen)) await session.api.deleteStream(plan.stream);
      // Where the server said no itself, what it had to leave is there at once.
      else if (!unknown && !stub) return undefined;
      seen = stub;
    } catch (cleanUpError) {
      failure = cleanUpError instanceof Error ? cleanUpError.message : String(cleanUpError);
    }
    if (Date.now() >= until) break;
    await sleep(500);
  }
  try {
    if (!(await session.api.findStream(plan.stream)) && !(await isStub(session, plan.stream))) return undefined;
  } catch (lookError) {
    failure ||= lookError instanceof Error ? lookError.message : String(lookError);
  }
  return looked
    ? `the stream "${plan.stream}" was left half-made and could not be removed (${failure})`
    : `whether a half-made stream "${plan.stream}" was left is unknown (${failure}): look with relight stream info ${plan.stream}`;
}

/**
 * In a cluster up to 2.14 a restore that was cut leaves a name without a stream: the meta group has it assigned, and keeps
 * it, while its information is "stream not found". The name was free when this run began, so the stub is this run's.
 */
async function isStub({ api }: Session, stream: string): Promise<boolean> {
  if (!api.connection.info?.cluster) return false;
  return (await api.streamNames()).includes(stream) && !(await api.findStream(stream));
}

/**
 * True for the stream that this run made: it carries the creation time that was sent (v1 on a standalone server), or was
 * created since this run began, by the server's clock where it tells that, and holds nothing beyond the archive.
 */
function isOurs(found: StreamInfo, { plan, facts, stored }: PreparedRestore, startedMs: number): boolean {
  // Also of a v2 archive that was sent as v1: its creation time is in the manifest.
  const sent = [facts.inside?.created, stored.manifest?.created];
  if (sent.some((created) => created !== undefined && Date.parse(found.created) === Date.parse(created))) return true;
  const skewMs = found.ts ? Date.parse(found.ts) - Date.now() : 0;
  const since = Date.parse(found.created) >= startedMs + skewMs - 2_000;
  // Messages that stand for gaps are there for a while.
  const most = plan.route === "by-message" ? facts.streamLastSequence : facts.messages;
  return since && found.state.messages <= most && found.state.last_seq <= facts.streamLastSequence;
}
