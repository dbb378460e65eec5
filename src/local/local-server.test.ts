import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { wsconnect } from "@nats-io/nats-core";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { isRelightError } from "../errors.ts";
import { type LocalServer, startServer } from "./local-server.ts";

async function connected<Result>(
  server: LocalServer,
  use: (connection: NatsConnection) => Promise<Result>,
  options: { readonly user?: string; readonly pass?: string } = {},
): Promise<Result> {
  const connection = await connect({ servers: server.url, reconnect: false, ...options });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** What the JetStream API answers. */
async function api(connection: NatsConnection, verb: string, body: unknown = {}): Promise<Record<string, unknown>> {
  const answer = await connection.request(`$JS.API.${verb}`, JSON.stringify(body), { timeout: 5_000 });
  return answer.json();
}

/** One that has ended counts as such, also while its new parent has not taken note. */
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc/self/stat") || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

describe("startServer", () => {
  for (const version of ["2.9", "2.10", "2.15"]) {
    it(`starts ${version} on a port of loopback with JetStream ready, and leaves nothing behind`, async () => {
      const server = await startServer({ version });
      try {
        assert.match(server.version, new RegExp(`^${version}\\.\\d+$`));
        const info = await connected(server, (connection) => api(connection, "INFO"));
        assert.equal(info.type, "io.nats.jetstream.api.v1.account_info_response");
        assert.ok(alive(server.pid));
        if (process.platform === "linux") assert.ok(((await server.rss()) ?? 0) > 5_000_000);
      } finally {
        await server.stop();
      }
      assert.equal(server.running, false);
      assert.equal(server.pid, 0);
      assert.equal(existsSync(server.directory), false);
    });
  }

  it("keeps the store and the port over a crash and over a restart", async () => {
    await using server = await startServer({ version: "2.15", webSocket: true, monitor: true });
    const urls = [server.url, server.webSocketUrl, server.monitorUrl];
    await connected(server, async (connection) => {
      await api(connection, "STREAM.CREATE.KEPT", { name: "KEPT", subjects: ["kept"] });
      await connection.request("kept", "one");
    });
    await server.kill();
    assert.equal(server.running, false);
    await server.launch();
    await server.restart();
    assert.deepEqual([server.url, server.webSocketUrl, server.monitorUrl], urls);
    const info = await connected(server, (connection) => api(connection, "STREAM.INFO.KEPT"));
    assert.equal((info.state as { messages: number }).messages, 1);
    assert.equal((await fetch(`${server.monitorUrl}/healthz`)).status, 200);
  });

  it("waits for its port where somebody else has it for a moment", async () => {
    await using server = await startServer({ version: "2.15" });
    await server.kill();
    const { createServer } = await import("node:net");
    const squatter = createServer().listen(server.port, "127.0.0.1");
    await once(squatter, "listening");
    setTimeout(() => squatter.close(), 500);
    await server.launch();
    await connected(server, (connection) => api(connection, "INFO"));
  });

  it("leaves a store directory that it was given", async () => {
    const storeDirectory = await mkdtemp(join(tmpdir(), "relight-test-store-"));
    try {
      const server = await startServer({ version: "2.15", storeDirectory });
      await connected(server, (connection) => api(connection, "STREAM.CREATE.KEPT", { name: "KEPT" }));
      await server.stop();
      assert.ok((await readdir(join(storeDirectory, "jetstream", "$G", "streams"))).includes("KEPT"));
    } finally {
      await rm(storeDirectory, { recursive: true });
    }
  });

  it("pauses and resumes without ending connections", async () => {
    await using server = await startServer({ version: "2.15" });
    await connected(server, async (connection) => {
      await server.pause();
      await assert.rejects(connection.request("$JS.API.INFO", "", { timeout: 150 }), /timeout/i);
      server.resume();
      await api(connection, "INFO");
    });
  });

  it("stops a paused server too", async () => {
    const server = await startServer({ version: "2.15" });
    await server.pause();
    const began = performance.now();
    await server.stop();
    assert.ok(performance.now() - began < 4_000, "it took the long way, by SIGKILL");
  });

  it("sets up accounts, users with permissions, and a system account", async () => {
    await using server = await startServer({
      version: "2.15",
      systemAccount: true,
      accounts: [
        {
          name: "ONE",
          jetstream: { max_file: 1_000_000, max_streams: 1 },
          users: [{ user: "one", password: "p1", permissions: { publish: { deny: ["closed"] } } }],
        },
        { name: "PLAIN", jetstream: false, users: [{ user: "plain", password: "p2" }] },
      ],
    });
    const one = await connected(server, (connection) => api(connection, "INFO"), { user: "one", pass: "p1" });
    assert.equal((one.limits as { max_streams: number }).max_streams, 1);
    const pinged = await connected(server, (connection) => connection.request("$SYS.REQ.SERVER.PING", ""), {
      user: "sys",
      pass: "sys",
    });
    assert.equal(pinged.json<{ server: { ver: string } }>().server.ver, server.version);
    await assert.rejects(
      connected(server, (connection) => connection.flush()),
      /authorization/i,
    );
    const plain = await connected(server, (connection) => api(connection, "INFO"), { user: "plain", pass: "p2" });
    assert.equal((plain.error as { err_code: number }).err_code, 10039);
  });

  it("lets clients in without credentials where only the system account is asked for", async () => {
    await using server = await startServer({ version: "2.9", systemAccount: true });
    await connected(server, (connection) => api(connection, "INFO"));
    await connected(server, (connection) => connection.request("$SYS.REQ.SERVER.PING", ""), {
      user: "sys",
      pass: "sys",
    });
  });

  it("encrypts the store, limits payloads and storage, and takes a domain, tags and a sync interval", async () => {
    await using server = await startServer({
      version: "2.15",
      name: "full",
      domain: "hub",
      maxPayload: 4_096,
      encryptionKey: 'quoted "key" $with %signs',
      cipher: "aes",
      maxFileStore: 50_000_000,
      syncInterval: "always",
      tags: ["az:1"],
      systemAccount: true,
    });
    const { secret, maxPayload, info } = await connected(server, async (connection) => {
      await api(connection, "STREAM.CREATE.SECRET", { name: "SECRET", subjects: ["secret"] });
      const secret = "a text that must not be on the disk in the clear";
      await connection.request("secret", secret);
      return { secret, maxPayload: connection.info?.max_payload, info: await api(connection, "INFO") };
    });
    assert.equal(maxPayload, 4_096);
    assert.equal(info.domain, "hub");
    const ping = await connected(server, (connection) => connection.request("$SYS.REQ.SERVER.PING.VARZ", ""), {
      user: "sys",
      pass: "sys",
    });
    const { server: about, data } = ping.json<{
      server: { name: string; tags: string[] };
      data: { jetstream: { config: { max_storage: number; sync_always: boolean } } };
    }>();
    assert.equal(about.name, "full");
    assert.deepEqual(about.tags, ["az:1"]);
    assert.equal(data.jetstream.config.max_storage, 50_000_000);
    assert.equal(data.jetstream.config.sync_always, true);
    await server.kill();
    const files = await readdir(server.storeDirectory, { recursive: true, withFileTypes: true });
    const blocks = files.filter((file) => file.name.endsWith(".blk"));
    assert.ok(blocks.length > 0);
    for (const block of blocks) assert.ok(!(await readFile(join(block.parentPath, block.name))).includes(secret));
  });

  it("demands TLS and a client's certificate, and takes WebSockets beside it", async () => {
    const pem = (name: string): string => fileURLToPath(new URL(`../../testdata/tls/${name}.pem`, import.meta.url));
    await using server = await startServer({
      version: "2.15",
      webSocket: true,
      tls: { cert: pem("name-only"), key: pem("name-only-key"), ca: pem("ca"), verify: true },
    });
    const own = { certFile: pem("client"), keyFile: pem("client-key") };
    const tls = { caFile: pem("ca") };
    const connection = await connect({ servers: `localhost:${server.port}`, tls: { ...tls, ...own } });
    await api(connection, "INFO");
    await connection.close();
    await assert.rejects(connect({ servers: `localhost:${server.port}`, reconnect: false, tls }));
    const webSocket = await wsconnect({ servers: server.webSocketUrl });
    await api(webSocket, "INFO");
    await webSocket.close();
  });

  it("says in SERVER_START_FAILED what the server said", async () => {
    await assert.rejects(startServer({ version: "2.15", config: "no_such_field: 1" }), (error: Error) => {
      assert.ok(isRelightError(error, "SERVER_START_FAILED"));
      assert.match(error.message, /unknown field "no_such_field"/);
      return true;
    });
    await assert.rejects(startServer({ version: "2.15", args: ["-m", "no-port"] }), (error: Error) => {
      assert.ok(isRelightError(error, "SERVER_START_FAILED"));
      assert.match(error.message, /invalid value "no-port"/);
      return true;
    });
    await using other = await startServer({ version: "2.15" });
    await assert.rejects(startServer({ version: "2.15", port: other.port, startTimeoutMs: 1_500 }), /already in use/);
  });

  it("says so when a binary that it was given is none", async () => {
    await assert.rejects(startServer({ binary: "/no/such/nats-server" }), (error: Error) => {
      assert.ok(isRelightError(error, "SERVER_START_FAILED"));
      assert.match(error.message, /\/no\/such\/nats-server/);
      return true;
    });
  });

  for (const signal of ["SIGTERM", "SIGKILL", "process.exit"] as const) {
    it(`ends with the process that started it, and removes its directory: ${signal}`, async () => {
      const scratch = await mkdtemp(join(tmpdir(), "relight-test-guard-"));
      try {
        const script = join(scratch, "holder.ts");
        const local = new URL("./local-server.ts", import.meta.url).href;
        await writeFile(
          script,
          `import { startServer } from ${JSON.stringify(local)};
           const server = await startServer({ version: "2.15" });
           console.log(JSON.stringify({ pid: server.pid, directory: server.directory }));
           if (${JSON.stringify(signal)} === "process.exit") process.exit(0);
           setInterval(() => {}, 1_000_000);`,
        );
        const holder = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const [line] = await once(holder.stdout, "data");
        const { pid, directory } = JSON.parse(String(line)) as { pid: number; directory: string };
        if (signal !== "process.exit") {
          assert.ok(alive(pid));
          holder.kill(signal);
        }
        const until = Date.now() + 5_000;
        while ((alive(pid) || existsSync(directory)) && Date.now() < until) await sleep(20);
        assert.equal(alive(pid), false, `server ${pid} still runs`);
        assert.equal(existsSync(directory), false, `${directory} is still there`);
      } finally {
        await rm(scratch, { recursive: true });
      }
    });
  }
});
