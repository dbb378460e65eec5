import { join } from "node:path";
import type { Manifest } from "../../../formats/directory/manifest.ts";
import { backupStream } from "../../stream-backup/backup-stream.ts";
import { consumersOf } from "../read-backup-covers.ts";
import { salvageStream } from "../salvage-stream.ts";
import { accountOf, type CarriedOut, type StepContext, streamOf } from "./step-context.ts";

/** Backs up a stream that answers, before something is done that it may not survive. Throws what the backup throws. */
export async function backUpFirst(context: StepContext): Promise<CarriedOut> {
  const stream = streamOf(context);
  const directory = placeOf(context);
  const { manifest } = await backupStream(accountOf(context), {
    // While nobody leads the meta group, a backup without a list of the consumers is better than none.
    unlistedConsumers: true,
    stream,
    directory,
    tool: context.tool,
    ...(context.signal ? { signal: context.signal } : {}),
    onEvent: (event) => {
      if (event.kind === "progress") context.say(`${event.messages} messages are saved`);
    },
  });
  return made(context, directory, manifest);
}

/** Saves what a stream without a leader still gives. Throws what the salvage throws. */
export async function salvage(context: StepContext): Promise<CarriedOut> {
  const directory = placeOf(context);
  const manifest = await salvageStream(accountOf(context), {
    stream: streamOf(context),
    directory,
    lastSeq: context.step.arguments.lastSeq,
    tool: context.tool,
    signal: context.signal,
    onMessages: (messages) => context.say(`${messages} messages are saved`),
  });
  return made(context, directory, manifest);
}

/** A directory of its own each time: an older one may be the better copy. */
function placeOf(context: StepContext): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return join(context.newBackups, `${streamOf(context)}.${context.step.kind}-${time}`);
}

function made({ step }: StepContext, path: string, manifest: Manifest): CarriedOut {
  const { content, times, created } = manifest;
  const { messages, streamLastSequence: lastSeq } = content;
  return {
    evidence: [`${path}: ${messages} messages, up to sequence ${lastSeq}, read back and proven`],
    covers: [
      {
        account: step.target.account,
        stream: step.target.stream ?? "",
        path,
        created: created ?? null,
        takenAt: times.started,
        lastSeq,
        messages,
        consumers: consumersOf(manifest),
        settings: null,
        proven: true,
      },
    ],
  };
}
