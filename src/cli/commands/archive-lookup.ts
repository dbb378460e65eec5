import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import { visible } from "../output/message-lines.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

export function registerArchiveLookup(parent: Command): void {
  parent
    .command("lookup <keyfile> <values...>")
    .summary("say what obfuscated names were before")
    .description("Looks values of an obfuscated backup up in its key file: names whole, subjects token by token.")
    .option("--json", "one JSON document on stdout")
    .addHelpText("after", "\nExamples:\n  relight archive lookup ./for-support.keys.json 0k3l9c2vq0h1s5ab\n")
    .action(async (keyFile: string, values: readonly string[], flags: { json?: boolean }) => {
      await runLocalCommand({ json: flags.json ?? false, command: "archive lookup" }, async () => {
        const { keyFileHint, Obfuscator } = await import("../../formats/edit/obfuscator.ts");
        const text = await readFile(keyFile, "utf8").catch((error: unknown) => {
          throw new RelightError("BACKUP_NOT_FOUND", `the key file ${keyFile} cannot be read`, {
            cause: error,
            hint: keyFileHint,
          });
        });
        const keys = Obfuscator.fromKeyFile(text, keyFile);
        const found = values.map((value) => ({ value, original: keys.reveal(value) }));
        if (flags.json) printJson(found);
        else for (const { value, original } of found) process.stdout.write(`${value}: ${visible(original)}\n`);
        const unknown = found.filter(({ value, original }) => value === original).map(({ value }) => value);
        if (unknown.length > 0) process.stderr.write(`not in ${keyFile}: ${unknown.join(", ")}\n`);
        return ExitCode.ok;
      });
    });
}
