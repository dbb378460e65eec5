import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { LocalCluster } from "../../local/local-cluster.ts";
import { connectAsSystem } from "../../testing/recovery-cluster.ts";
import { ServerAddresses } from "./server-addresses.ts";
import { signOfLife } from "./sign-of-life.ts";

/** Asks a port on loopback where something answers as it is told to. */
async function asked(kind: "client" | "monitor", answer: (socket: Socket) => void): Promise<string | null> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await signOfLife("n3", [{ host: "127.0.0.1", port, kind }]);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
}

const info = (name: string): string => `INFO {"server_id":"NX","server_name":"${name}","version":"2.15.1"}\r\n`;

describe("whether a server that the cluster does not hear is running", () => {
  it("UN-05: is so where it says its name at its client port, or at its monitoring port, as it does while it reads its store", async () => {
    assert.match(
      (await asked("client", (socket) => socket.write(info("n3")))) ?? "",
      /^it answers at 127\.0\.0\.1:\d+$/,
    );
    const monitor = (socket: Socket): void => {
      socket.once("data", () => socket.end('HTTP/1.0 200 OK\r\n\r\n{\n  "server_name": "n3",\n  "port": 4222\n}'));
    };
    assert.match((await asked("monitor", monitor)) ?? "", /^it answers at/);
  });

  it("is so where connections are taken and nothing is said: a process that stands still", async () => {
    assert.match((await asked("client", () => {})) ?? "", /takes connections, and says nothing$/);
  });

  it("is not said where another server listens there now, or something hangs up, or nothing listens", async () => {
    assert.equal(await asked("client", (socket) => socket.write(info("n4"))), null);
    assert.equal(await asked("client", (socket) => socket.end()), null);
    assert.equal(await signOfLife("n3", [{ host: "127.0.0.1", port: 1, kind: "client" }]), null);
    assert.equal(await signOfLife("n3", []), null);
  });
});

/** Answers that come late on a busy machine are not waited for, and asked for again. */
async function learnt(cluster: LocalCluster, system: NatsConnection): Promise<ServerAddresses> {
  for (let tries = 0; ; tries++) {
    const addresses = new ServerAddresses();
    await addresses.learn(system);
    if (tries === 10 || cluster.servers.every(({ name }) => addresses.of(name).length > 0)) return addresses;
  }
}

describe("where servers listen", { timeout: 120_000 }, () => {
  for (const version of ["2.9", "2.15"]) {
    it(`${version}: is known of each, and of one that stands still or died afterwards`, async () => {
      await using cluster = await LocalCluster.start({ version });
      const system = await connectAsSystem(cluster.url);
      try {
        const addresses = await learnt(cluster, system);
        for (const { name, port } of cluster.servers) {
          assert.deepEqual(addresses.of(name), [{ host: "127.0.0.1", port, kind: "client" }]);
        }
        assert.deepEqual(addresses.of("n9"), []);
        const node = cluster.node("n3");
        await node.pause();
        assert.match((await signOfLife("n3", addresses.of("n3"))) ?? "", /takes connections, and says nothing$/);
        node.resume();
        assert.match((await signOfLife("n3", addresses.of("n3"))) ?? "", /^it answers at/);
        await node.kill();
        assert.equal(await signOfLife("n3", addresses.of("n3")), null);
      } finally {
        await system.close();
      }
    });
  }
});
