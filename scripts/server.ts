// npm run server -- [version] [-- arguments of nats-server]: starts one for a developer by hand, until Ctrl-C.
//
// It listens on loopback, on 4222 where that is free, and keeps its store in a temporary directory. Arguments win:
// npm run server -- 2.10 -- -p 5222 -sd ./store -DV
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isRelightError } from "../src/errors.ts";
import { findServer } from "../src/local/find-server.ts";
import { startServer } from "../src/local/local-server.ts";

const usualPort = 4222;

const dashes = process.argv.indexOf("--", 2);
const own = process.argv.slice(2, dashes < 0 ? undefined : dashes);
const args = dashes < 0 ? [] : process.argv.slice(dashes + 1);

try {
  const { positionals } = parseArgs({ args: own, allowPositionals: true });
  if (positionals.length > 1) throw new Error("one version at most; arguments of nats-server come after --");
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopped.abort());

  const found = await findServer({ version: positionals[0], onStep: (text) => console.error(`${text} ...`) });
  console.error(`nats-server ${found.version} (${found.from}): ${found.path}`);
  await using server = await startServer({ binary: found.path, args, port: await freePort(usualPort) });
  const storeAt = args.findIndex((arg) => /^--?(sd|store_dir)$/.test(arg));
  console.error(`store: ${storeAt < 0 ? `${server.storeDirectory} (temporary)` : args[storeAt + 1]}`);
  console.error(`log:   ${server.logPath}`);
  console.error("Ctrl-C stops it and removes what is temporary.");
  console.log(server.url);
  await Promise.race([server.ended(), once(stopped.signal, "abort")]);
  // Ctrl-C ends the server too, which may be heard of first.
  await sleep(100);
  if (!stopped.signal.aborted) throw new Error("the server ended by itself");
} catch (error) {
  console.error((error as Error).message);
  if (isRelightError(error)) console.error(error.hint);
  process.exitCode = 1;
}

/** The port that everybody expects where it is free; else 0, the system's choice. */
async function freePort(wish: number): Promise<number> {
  const probe = createServer();
  try {
    await once(probe.listen(wish, "127.0.0.1"), "listening");
    return wish;
  } catch {
    return 0;
  } finally {
    probe.close();
  }
}
