import { once } from "node:events";
import type { Command } from "commander";
import { type ExitCode, RelightError } from "../../errors.ts";
import { isoTime } from "../../formats/directory/archive-facts.ts";
import type { ArchivedMessage } from "../../operations/archive-read/archived-message.ts";
import type { OpenedArchive } from "../../operations/stream-restore/open-archive.ts";
import { openOneBackup } from "../open-one-backup.ts";
import { addSelectOptions, refuseEmptyRange, type SelectFlags, selectionOf } from "../options/edit-options.ts";
import { parsePositive } from "../options/size.ts";
import { keyTable, messageDetails, messageJson, messageLine, objectTable } from "../output/message-lines.ts";
import { runLocalCommand } from "../run-local-command.ts";

interface Flags extends SelectFlags {
  readonly limit?: number;
  readonly messages?: boolean;
  readonly base64?: boolean;
  readonly salvage?: boolean;
  readonly json?: boolean;
}

const salvageHelp = "read what can be read of a damaged backup, and say on stderr what cannot (exit code 3)";

/** The commands that show messages of a backup: ls, find, cat, export. */
export function registerArchiveMessages(parent: Command): void {
  const ls = parent
    .command("ls <backup>")
    .summary("list what is in a backup: messages, a bucket's keys, or objects")
    .description(
      "Lists the messages of a backup, the keys of a KV bucket with their revisions, or the objects of an object store.",
    )
    .option("--messages", "list messages of buckets too");
  withLimit(
    addSelectOptions(ls),
    "\nExamples:\n  relight archive ls ./orders --subject 'orders.eu.>' --limit 20\n  relight archive ls ./KV_users\n",
  ).action((path: string, flags: Flags) =>
    run("archive ls", path, flags, { bucket: !flags.messages, text: messageLine }),
  );
  const find = parent
    .command("find <backup>")
    .summary("find messages, with their headers and the beginning of their payloads")
    .description("Shows the messages that all filters keep, with their headers and the beginning of their payloads.");
  withLimit(
    addSelectOptions(find),
    "\nExamples:\n  relight archive find ./orders --header Nats-Msg-Id:4711 --payload-match refund\n",
  ).action((path: string, flags: Flags) => run("archive find", path, flags, { text: messageDetails }));
  const cat = parent
    .command("cat <backup> <sequence>")
    .summary("write one message's payload to stdout, as it is")
    .description("Writes the payload of the message with this sequence to stdout, byte by byte, and nothing else.")
    .option("--salvage", salvageHelp)
    .option("--json", "the whole message as one JSON document")
    .addHelpText("after", "\nExamples:\n  relight archive cat ./orders 4711 | jq .\n");
  cat.action(async (path: string, text: string, flags: Flags) => {
    await runLocalCommand({ json: flags.json ?? false, command: "archive cat" }, async ({ signal }) => {
      const sequence = Number(text);
      if (!Number.isSafeInteger(sequence) || sequence < 1) throw new RelightError("USAGE", `"${text}" is no sequence`);
      let found: ArchivedMessage | undefined;
      const select = { firstSeq: sequence, lastSeq: sequence };
      await using opened = await open(path, flags.salvage ?? false, signal);
      await eachMessage(opened, select, signal, (message) => {
        found = message;
        return false;
      });
      if (!found) {
        throw new RelightError("BACKUP_NOT_FOUND", `${path} holds no message with the sequence ${sequence}`, {
          hint: `See which it holds: relight archive info ${path}`,
        });
      }
      await write(flags.json ? `${JSON.stringify(messageJson(found, false))}\n` : found.payload);
      return opened.exitCode;
    });
  });
  const exporting = parent
    .command("export <backup>")
    .summary("write messages to stdout as JSON lines")
    .description(
      "Writes every message that the filters keep as a line of JSON: seq, time, subject, headers, data (text) or data_base64.",
    )
    .option("--base64", "every payload as base64")
    .option("--json", "JSON lines, which it writes anyway")
    .option("--salvage", salvageHelp);
  addSelectOptions(exporting)
    .addHelpText(
      "after",
      "\nExamples:\n  relight archive export ./orders --after 24h | jq -r .data\n  relight archive export ./damaged --salvage > readable.jsonl\n",
    )
    .action((path: string, flags: Flags) =>
      run("archive export", path, { ...flags, json: true }, { text: messageLine }),
    );
}

function withLimit(command: Command, examples: string): Command {
  return command
    .option("--limit <n>", "stop after so many messages", parsePositive)
    .option("--salvage", salvageHelp)
    .option("--json", "JSON lines")
    .addHelpText("after", examples);
}

interface Show {
  /** Show keys or objects where the stream is a bucket. */
  readonly bucket?: boolean;
  readonly text: (message: ArchivedMessage) => string;
}

async function run(command: string, path: string, flags: Flags, { bucket, text }: Show): Promise<void> {
  const validate = (): void => refuseEmptyRange(selectionOf(flags) ?? {});
  await runLocalCommand({ json: flags.json ?? false, command, validate }, async ({ signal }) => {
    await using opened = await open(path, flags.salvage ?? false, signal);
    if (bucket && (await listBucket(opened, flags, signal))) return opened.exitCode;
    let count = 0;
    await eachMessage(opened, flags, signal, async (message) => {
      await write(flags.json ? `${JSON.stringify(messageJson(message, flags.base64 ?? false))}\n` : text(message));
      count++;
      return flags.limit === undefined || count < flags.limit;
    });
    if (count === 0 && !flags.json) process.stderr.write("no message was found\n");
    return opened.exitCode;
  });
}

/** Lists the keys or objects of a bucket; false where the stream is none. */
async function listBucket(opened: OpenedArchive, flags: Flags, signal: AbortSignal): Promise<boolean> {
  const { bucketKind, KeyList, mirrorNote, ObjectList } = await import(
    "../../operations/archive-read/bucket-content.ts"
  );
  const { config } = opened.stored;
  const kind = config && bucketKind(config);
  if (!kind) return false;
  const [keys, objects] = [new KeyList(config), new ObjectList(config)];
  const note = mirrorNote(config);
  if (note) process.stderr.write(`${note}\n`);
  await eachMessage(opened, flags, signal, (message) => {
    if (kind === "key-value") keys.add(message);
    else objects.add(message);
    return true;
  });
  const isKeys = kind === "key-value";
  const [shownKeys, shownObjects] = [keys.keys().slice(0, flags.limit), objects.objects().slice(0, flags.limit)];
  if (flags.json) {
    for (const row of isKeys ? shownKeys : shownObjects) {
      await write(`${JSON.stringify({ ...row, time: isoTime(row.time || undefined) })}\n`);
    }
  } else await write(isKeys ? keyTable(shownKeys) : objectTable(shownObjects));
  return true;
}

/** Hands over the messages that the flags select, until `visit` says false. */
async function eachMessage(
  { stored }: OpenedArchive,
  flags: SelectFlags,
  signal: AbortSignal,
  visit: (message: ArchivedMessage) => boolean | Promise<boolean>,
): Promise<void> {
  const { readMessages } = await import("../../operations/archive-read/read-messages.ts");
  const select = selectionOf(flags);
  for await (const messages of readMessages(stored, { select, signal })) {
    for (const message of messages) if (!(await visit(message))) return;
  }
}

interface OpenedForReading extends OpenedArchive {
  /** Says whether a part cannot be read. */
  readonly exitCode: ExitCode;
}

async function open(path: string, salvage: boolean, signal: AbortSignal): Promise<OpenedForReading> {
  const backup = await openOneBackup(path, salvage, signal);
  const { openArchive } = await import("../../operations/stream-restore/open-archive.ts");
  const opened = await openArchive(backup.stored);
  if (backup.salvage) {
    const { salvageLines } = await import("../output/salvage-lines.ts");
    for (const line of salvageLines(backup.salvage)) process.stderr.write(`${line}\n`);
  }
  const dispose = async (): Promise<void> => {
    await opened[Symbol.asyncDispose]();
    await backup[Symbol.asyncDispose]();
  };
  return { stored: opened.stored, exitCode: backup.exitCode, [Symbol.asyncDispose]: dispose };
}

/** Waits for a slow reader of stdout. */
async function write(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}
