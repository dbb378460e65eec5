import { catalogue, ExitCode } from "../src/errors.ts";

const exitMeanings: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: "done, and proven where that is the command's job",
  failed: "failed or refused; nothing half-made is left, or the message names it",
  usage: "the command line, a context or a file of credentials is not valid; nothing was done",
  incomplete: "some of several streams failed, or did not answer",
  noRepository: "reserved: there is no repository",
  locked: "reserved: the repository is locked",
  wrongKey: "reserved: the key does not open the repository",
  damaged: "a backup is truncated, damaged or contradicts itself",
  unreachable: "the server, JetStream or the stream cannot be reached, or the credentials do not allow it",
  drillFailed: "a drill did not bring back everything as it was",
  diverged: "reserved: the history of the source is another one than that of the backups",
  cancelled: "cancelled by Ctrl-C, SIGTERM or an AbortSignal",
};

/** docs/errors.md, from the catalogue itself. Pure. */
export function renderErrors(): string {
  const exits = Object.entries(ExitCode).map(
    ([name, code]) => `| ${code} | ${cell(exitMeanings[name as keyof typeof ExitCode])} |`,
  );
  const errors = Object.entries(catalogue).map(
    ([code, { exit, meaning, hint }]) => `| \`${code}\` | ${exit} | ${cell(meaning)} | ${cell(hint)} |`,
  );
  return `# Errors

<!-- Generated from src/errors.ts by: npm run docs -->

Callers branch on codes, never on text: texts may change between releases. The library throws \`RelightError\`, which has
\`code\`, \`exitCode\`, \`message\`, \`hint\`, \`context\` (plain values: stream, path, offset, the server's error number) and
\`cause\`. The command line prints the message and the hint on stderr, and with \`--json\` ends with a line

\`\`\`json
{"type":"summary","command":"stream backup","ok":false,"exit_code":1,"error":{"code":"STREAM_NOT_FOUND","exit_code":1,"message":"...","hint":"...","context":{}}}
\`\`\`

## Exit codes

| exit code | meaning |
|---|---|
${exits.join("\n")}

## Codes

A hint in a message can be a better one than the one here, where more is known.

| code | exit code | meaning | hint |
|---|---|---|---|
${errors.join("\n")}
`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
