import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of a few MiB, in memory; gone when it is disposed. */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where this process may not mount one. */
  static mount(mebibytes: number): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), "relight-disk-"));
    const options = ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path];
    if (process.platform === "linux" && spawnSync("mount", options).status === 0) return new SmallDisk(path);
    rmSync(path, { recursive: true, force: true });
    return undefined;
  }

  [Symbol.dispose](): void {
    spawnSync("umount", ["-l", this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
