import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FileServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  /** Paths asked for so far. */
  readonly asked: readonly string[];
}

/** Serves files over HTTP on loopback, by their path ("/v1/file"); 404 for what is not among them. */
export async function serveFiles(files: ReadonlyMap<string, Buffer | string>): Promise<FileServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const content = files.get(path);
    response.writeHead(content === undefined ? 404 : 200).end(content ?? "no such file");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
