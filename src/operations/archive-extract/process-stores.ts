import { readFile, readlink } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { readCommandLine, readConfigText } from "./server-stores.ts";

/** Where nats-server keeps its store when nobody says anything, below the system's directory for temporary files. */
const defaultStore = "nats";

export interface NamedStore {
  /** Absolute, or a variable that has no value. */
  readonly path: string;
  readonly from: string;
}

/**
 * The stores that a nats-server may use, by its arguments and its configuration as that is now; undefined where they cannot be
 * read. `at` is its directory below /proc.
 */
export async function processStores(at: string, args: readonly string[]): Promise<readonly NamedStore[] | undefined> {
  const cwd = await readlink(join(at, "cwd")).catch(() => undefined);
  if (args.length === 0 || cwd === undefined) return undefined;
  const environment = await readFile(join(at, "environ"), "utf8").catch(() => "");
  const variable = (name: string): string | undefined =>
    environment
      .split("\0")
      .find((entry) => entry.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const absolute = (path: string): string => {
    const value = path.startsWith("$") ? (variable(path.slice(1)) ?? path) : path;
    return value.startsWith("$") || isAbsolute(value) ? value : join(cwd, value);
  };
  const { storeDirectory, configFile } = readCommandLine(args.slice(1));
  if (storeDirectory !== undefined) return [{ path: absolute(storeDirectory), from: "its arguments" }];
  const stores: NamedStore[] = [];
  const files = configFile === undefined ? [] : [absolute(configFile)];
  for (let index = 0; index < files.length && index < 100; index++) {
    const file = files[index] as string;
    const text = await readFile(join(at, "root", file), "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const { storeDirectories, includes } = readConfigText(text);
    stores.push(...storeDirectories.map((path) => ({ path: absolute(path), from: `its configuration ${file}` })));
    files.push(...includes.map((path) => (isAbsolute(path) ? path : join(dirname(file), path))));
  }
  if (stores.length > 0) return stores;
  return [{ path: join(variable("TMPDIR") ?? "/tmp", defaultStore), from: "what it takes by default" }];
}
