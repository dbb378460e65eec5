// npm run server -- [version] [-- args]: starts a nats-server on loopback for a developer, until Ctrl-C.
import { findServer } from "../src/local/find-server.ts";
import { LocalServer } from "../src/local/local-server.ts";

const dashes = process.argv.indexOf("--", 2);
const own = process.argv.slice(2, dashes < 0 ? undefined : dashes);
const args = dashes < 0 ? own.filter((arg) => arg.startsWith("-")) : process.argv.slice(dashes + 1);
const version = own.find((arg) => !arg.startsWith("-"));

try {
  const found = await findServer({ ...(version ? { version } : {}), onStep: (text) => console.error(text) });
  console.error(`nats-server ${found.version} from ${found.from}: ${found.path}`);
  const server = await LocalServer.start({
    binary: found.path,
    version: found.version,
    args,
    port: await freePort(4222),
  });
  console.error(`store: ${server.storeDirectory}`);
  console.error(`log:   ${server.logPath}`);
  console.log(server.url);
  console.error("Ctrl-C stops it and removes its store.");
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server.stop();
    process.exit(0);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  setInterval(() => {}, 1_000_000);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

/** 4222 where it is free, as everybody expects it there; else the system's choice. */
async function freePort(wish: number): Promise<number> {
  const { createServer } = await import("node:net");
  return new Promise((resolve) => {
    const probe = createServer()
      .once("error", () => resolve(0))
      .listen(wish, "127.0.0.1", () => probe.close(() => resolve(wish)));
  });
}
