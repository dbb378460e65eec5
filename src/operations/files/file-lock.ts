import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../../errors.ts";
import { hostMark, isAlive } from "./dead-leftovers.ts";
import { fileSystemError } from "./file-system-error.ts";
import { makeDirectory } from "./make-directory.ts";

export interface FileLockOptions {
  /** How long to wait for whoever holds it, in ms. */
  readonly waitMs: number;
  /** What is locked, for a person: "the ledger of the cluster". */
  readonly what: string;
}

/**
 * A lock that is a file, in a directory that is made where there is none: whoever makes it has it. One whose holder is no longer there (a process of this machine that was killed)
 * is taken over; another machine's, on a shared disk, is never.
 */
export class FileLock implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws LOCKED where somebody else has it for longer than is waited, and FILE_SYSTEM. */
  static async take(path: string, { waitMs, what }: FileLockOptions): Promise<FileLock> {
    const mark = await hostMark();
    const own = `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;
    const until = Date.now() + waitMs;
    try {
      await makeDirectory(dirname(path));
      await writeFile(own, `${mark} ${process.pid}\n`, { mode: 0o600 });
      for (;;) {
        try {
          // With its content at once: nobody ever reads an empty lock.
          await link(own, path);
          return new FileLock(path);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
        const held = await readFile(path, "utf8").catch(() => "");
        const [host, pid] = held.trim().split(" ");
        if (host === mark && !isAlive(Number(pid))) await takeOver(path, held, own);
        else if (Date.now() >= until) {
          throw new RelightError("LOCKED", `another run of Relight (process ${pid ?? "?"}) has ${what}`, {
            context: { path },
            hint: `Wait for it, or end it. If nothing runs on any machine, remove ${path}.`,
          });
        } else await sleep(20);
      }
    } catch (error) {
      throw error instanceof RelightError ? error : fileSystemError(`cannot lock ${what}`, error);
    } finally {
      await rm(own, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/** Moves a dead holder's lock away; where it was somebody else's by now, it goes back. */
async function takeOver(path: string, held: string, own: string): Promise<void> {
  const aside = `${own}.dead`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, "utf8").catch(() => held)) !== held) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
