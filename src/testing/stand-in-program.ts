import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { isExecutable } from "../local/installed-servers.ts";

/** The text of a program that answers `--version` as a nats-server does, and can do nothing else. */
export function versionTeller(version: string): string {
  return `#!/bin/sh\necho "nats-server: v${version}"\n`;
}

/** Writes a program (a shell script) to a path, with the directories above it. Returns the path. */
export async function writeProgram(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** Makes a directory that can stand for the whole PATH: it holds the named programs of this machine, and no others. */
export async function onlyPrograms(directory: string, names: readonly string[]): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (!(await isExecutable(join(folder, name)))) continue;
      await symlink(join(folder, name), join(directory, name));
      break;
    }
  }
  return directory;
}
