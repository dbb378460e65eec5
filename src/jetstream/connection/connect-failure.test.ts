import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startConfiguredServer } from "../../testing/configured-server.ts";
import { ConnectionHome } from "../../testing/connection-home.ts";

const home = new ConnectionHome();
const { open, failure } = home;
after(home.remove);

describe("connecting to something that does not answer as it should", () => {
  /** A TCP server that does `greet` with each client; its sockets end with it. */
  const listen = async (
    greet: (socket: Socket) => void,
  ): Promise<{ port: number; sockets: Set<Socket>; close(): void }> => {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => sockets.delete(socket))
        .resume();
      greet(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return {
      port: typeof address === "object" && address ? address.port : 0,
      sockets,
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  };

  /** The other side learns of a closed socket a moment later. */
  const nothingLeft = async (sockets: ReadonlySet<Socket>): Promise<void> => {
    for (let i = 0; i < 100 && sockets.size > 0; i++) await sleep(10);
    assert.equal(sockets.size, 0);
  };

  it("is CONNECT_FAILED with the address and the cause for a port where nobody listens", async () => {
    for (const scheme of ["nats", "tls", "ws", "wss"]) {
      const error = await failure("CONNECT_FAILED", { server: `${scheme}://127.0.0.1:1` });
      assert.equal(error.message, `cannot connect to ${scheme}://127.0.0.1:1: connection refused`);
      assert.equal(error.exitCode, 14);
    }
  });

  it("is CONNECT_FAILED with each address and its cause for several", async () => {
    const error = await failure(
      "CONNECT_FAILED",
      { server: "nats://bob:s3cret@127.0.0.1:1,nats://nowhere.invalid:2" },
      { secrets: ["s3cret"] },
    );
    assert.match(error.message, /nats:\/\/127\.0\.0\.1:1: connection refused/);
    assert.match(error.message, /nats:\/\/nowhere\.invalid:2: the host name "nowhere\.invalid" cannot be resolved/);
  });

  for (const tlsfirst of [false, true]) {
    it(`gives up after the time-out, and leaves no socket behind${tlsfirst ? ", with TLS first" : ""}`, async () => {
      const silent = await listen(() => {});
      try {
        const error = await failure("CONNECT_FAILED", {
          server: `127.0.0.1:${silent.port}`,
          timeout: "200ms",
          tlsfirst,
        });
        assert.match(error.message, /no answer within 200ms/);
        await nothingLeft(silent.sockets);
      } finally {
        silent.close();
      }
    });
  }

  it("is CONNECT_FAILED for a server that closes at once, and for one that is not NATS", async () => {
    const closing = await listen((socket) => socket.end());
    const http = await listen((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    try {
      for (const { port } of [closing, http]) {
        const error = await failure("CONNECT_FAILED", { server: `127.0.0.1:${port}`, timeout: "1s" });
        assert.ok(error.message.includes(`127.0.0.1:${port}: `), error.message);
        assert.doesNotMatch(error.message, /undefined/);
      }
      const error = await failure("CONNECT_FAILED", { server: `ws://127.0.0.1:${http.port}`, timeout: "1s" });
      assert.match(error.message, /not as a WebSocket/);
    } finally {
      closing.close();
      http.close();
    }
  });

  it("ends at once with CANCELLED when the signal says so", async () => {
    const silent = await listen(() => {});
    try {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const begun = Date.now();
      await failure("CANCELLED", { server: `127.0.0.1:${silent.port}`, timeout: "20s" }, { signal: controller.signal });
      assert.ok(Date.now() - begun < 5_000);
      await nothingLeft(silent.sockets);
      await failure("CANCELLED", { server: `127.0.0.1:${silent.port}` }, { signal: AbortSignal.abort() });
    } finally {
      silent.close();
    }
  });
});

describe("a connection that is lost", () => {
  it("comes back on another of its servers if it is an ordinary one, and ends if it is a dedicated one", async () => {
    const users = (name: string): string => `authorization { users: [{ user: "${name}", password: "s3cret" }] }`;
    const [first, second] = await Promise.all([
      startConfiguredServer(users("bob")),
      startConfiguredServer(users("eve")),
    ]);
    const server = `bob:s3cret@${first.address},eve:s3cret@${second.address}`;
    const ordinary = await open({ server });
    const dedicated = await open({ server }, { dedicated: true });
    try {
      const port = Number(ordinary.getServer().split(":")[1]);
      const closed = dedicated.closed();
      await Promise.all([first, second].filter((one) => one.port === port).map((one) => one.stop()));
      const answer = async (): Promise<unknown> => (await ordinary.request("$SYS.REQ.USER.INFO")).json();
      let user: unknown;
      for (let i = 0; i < 100 && user === undefined; i++) {
        user = await answer().catch(() => undefined);
        if (user === undefined) await sleep(50);
      }
      assert.notEqual(Number(ordinary.getServer().split(":")[1]), port);
      // With the user that the other server's URL names.
      assert.equal((user as { data: { user: string } }).data.user, port === first.port ? "eve" : "bob");
      await Promise.all([first.stop(), second.stop()]);
      await closed;
      assert.equal(dedicated.isClosed(), true);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
      await ordinary.close();
      await dedicated.close();
    }
  });
});
