import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { fileSystemError } from "../files/file-system-error.ts";
import { makeDirectory } from "../files/make-directory.ts";

/** One line of the audit log. */
export interface AuditEntry {
  readonly event:
    | "begun"
    | "planned"
    /** About to be sent: what follows may or may not have been done. */
    | "step-begun"
    | "step-done"
    | "step-failed"
    /** Sent or about to be: what came of it was not waited for. */
    | "step-cancelled"
    /** A wait for time or the cluster. */
    | "waiting"
    | "ended";
  readonly step?: Pick<PlanStep, "id" | "kind" | "target" | "why" | "risk" | "evidence" | "arguments">;
  readonly evidence?: readonly string[];
  readonly outcome?: string;
}

/**
 * What was done to a cluster and why, in JSON lines that are only ever added to, each on the disk before the next thing is done. A line
 * that a kill cut off is ended by the next run, so that the others stay readable.
 */
export class AuditLog {
  readonly path: string;
  readonly #run: string;

  private constructor(path: string, run: string) {
    this.path = path;
    this.#run = run;
  }

  /** Throws FILE_SYSTEM: nothing may be done that cannot be written down. */
  static async open(path: string, run: string): Promise<AuditLog> {
    const log = new AuditLog(path, run);
    try {
      await makeDirectory(dirname(path));
      await using file = await open(path, "a+", 0o600);
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      if (size > 0 && last[0] !== 0x0a) await file.writeFile("\n");
    } catch (error) {
      throw fileSystemError(`cannot write the audit log ${path}`, error);
    }
    return log;
  }

  /** Resolves when it is on the disk. Throws FILE_SYSTEM. */
  async write(entry: AuditEntry): Promise<void> {
    const { event, step, ...rest } = entry;
    const line = JSON.stringify({
      time: new Date().toISOString(),
      run: this.#run,
      event,
      ...particulars(step),
      ...rest,
    });
    try {
      await using file = await open(this.path, "a", 0o600);
      await file.writeFile(`${line}\n`);
      await file.datasync();
    } catch (error) {
      throw fileSystemError(`cannot write the audit log ${this.path}`, error);
    }
  }
}

function particulars(step: AuditEntry["step"]): object {
  if (step === undefined) return {};
  const { id, kind, target, why, risk, evidence, arguments: given } = step;
  return { step: { id, kind, target, why, risk, evidence, arguments: given } };
}
