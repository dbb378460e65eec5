import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError, RelightError } from "../../../errors.ts";
import { allowsReplicas } from "../../stream-restore/account-limits.ts";
import { observeTarget } from "../../stream-restore/observe-target.ts";
import { readBackup } from "../../stream-restore/read-backup.ts";
import type { RestoreTarget } from "../../stream-restore/restore-plan.ts";
import { restoreStreams } from "../../stream-restore/restore-streams.ts";
import { accountOf, ask, type CarriedOut, type StepContext, streamOf, surprise } from "./step-context.ts";

/**
 * Restores a lost stream from its backup, under its own name. The archive is proven first, and the stream held against it afterwards.
 * Throws what the restore throws; what it had begun was removed then.
 */
export async function restoreLost(context: StepContext): Promise<CarriedOut> {
  const session = accountOf(context);
  const stream = streamOf(context);
  const { backup, replicas: wished } = context.step.arguments;
  if (backup === null) throw new RelightError("INTERNAL", `${context.step.id} names no backup`);
  const target = await context.target?.();
  // An account that has limits for three replicas only gets it with three at once.
  const replicas = wished !== null && target && !allowsReplicas(target.account, wished) ? null : wished;
  const stored = (await readBackup(backup)).filter((one) => one.stream === stream);
  const restore = async (
    into?: RestoreTarget,
  ): Promise<Awaited<ReturnType<typeof restoreStreams>>[number] | undefined> =>
    (
      await restoreStreams(session, {
        stored,
        target: into,
        wishes: { ifExists: "fail", ...(replicas === null ? {} : { replicas }) },
        tool: context.tool,
        ...(context.restored ? { restored: context.restored } : {}),
        ...(context.signal ? { signal: context.signal } : {}),
        onEvent: (event) => {
          if (event.kind === "sending") context.say(`${event.bytes} of ${event.totalBytes} bytes are sent`);
          if (event.kind === "finishing") context.say("the server makes the stream");
          if (event.kind === "replicating") context.say("proven on its leader, the other replicas catch up");
        },
      })
    ).at(0);
  let result = await restore(target);
  const taken = result !== undefined && "error" in result && isRelightError(result.error, "STREAM_EXISTS");
  if (taken && !(await isTakenInVain(context))) throw surprise(`${stream} is there: somebody else made it meanwhile`);
  if (taken) result = await restore(await observeTarget(session, { oneByOne: true }));
  if (result === undefined) throw new RelightError("BACKUP_NOT_FOUND", `${backup} holds no backup of ${stream}`);
  if (result.status === "failed" || result.status === "refused") throw result.error;
  if (result.status !== "restored") throw new RelightError("RESTORE_FAILED", `${stream} was not restored`);
  const { outcome, seconds, info } = result.done;
  const { messages, last_seq } = info.state;
  const exact = outcome.consumers.filter((consumer) => consumer.outcome === "exact").length;
  return {
    evidence: [
      `restored from ${backup} in ${seconds.toFixed(1)} s: ${messages} messages, up to sequence ${last_seq}`,
      `${exact} of ${outcome.consumers.length} consumers stand where they stood in the backup`,
      ...outcome.notes,
    ],
  };
}

/**
 * A stream that was restored once, and whose only server was then removed, leaves a name that is taken although nobody finds it (2.10, 2.15):
 * the server waits for that restore again. Frees the name; false: there is a stream.
 */
async function isTakenInVain(context: StepContext): Promise<boolean> {
  const { api } = accountOf(context);
  const stream = streamOf(context);
  try {
    await api.streamInfo(stream);
    return false;
  } catch (error) {
    if (!isRelightError(error, "STREAM_NOT_FOUND")) throw error;
  }
  context.say("the name is taken, and nobody finds a stream: it is deleted first");
  await ask(api, `STREAM.DELETE.${stream}`).catch((error: unknown) => {
    if (!isRelightError(error, "STREAM_NOT_FOUND")) throw error;
  });
  // It is answered before it is done everywhere.
  await sleep(2_000, undefined, context.signal ? { signal: context.signal } : {});
  return true;
}
