import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";

describe("TcpProxy", () => {
  let echo: Server;
  let source: Server;
  const served: Socket[] = [];
  const content = randomBytes(8 * 2 ** 20);

  before(async () => {
    const keep = (socket: Socket): void => {
      served.push(socket.on("error", () => socket.destroy()));
    };
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      keep(socket);
      socket.pipe(socket);
    });
    // Sends its content as soon as anything arrives, and ends.
    source = createServer((socket) => {
      keep(socket);
      socket.once("data", () => socket.end(content));
    });
    for (const server of [echo, source]) await once(server.listen(0, "127.0.0.1"), "listening");
  });

  after(() => {
    for (const socket of served) socket.destroy();
    echo.close();
    source.close();
  });

  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const proxyTo = (server: Server, options: Omit<TcpProxyOptions, "targetPort"> = {}): Promise<TcpProxy> =>
    TcpProxy.start({ targetPort: portOf(server), ...options });

  async function dial(proxy: TcpProxy): Promise<Socket> {
    const socket = connect({ port: proxy.port, host: "127.0.0.1" });
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  }

  /** What arrives until the end, or until the connection breaks. */
  async function readAll(socket: Socket): Promise<Buffer> {
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    if (!socket.closed) await once(socket, "close");
    return Buffer.concat(parts);
  }

  async function roundTrip(socket: Socket): Promise<number> {
    const began = performance.now();
    const answer = once(socket, "data");
    socket.write("ping");
    await answer;
    return performance.now() - began;
  }

  it("hands on every byte, both ways, and the end of each direction on its own", async () => {
    await using proxy = await proxyTo(echo);
    const socket = await dial(proxy);
    const reading = readAll(socket);
    socket.end(content);
    assert.ok(content.equals(await reading));
    assert.equal(proxy.bytes("toServer"), content.length);
    assert.equal(proxy.bytes("toClient"), content.length);
    assert.equal(proxy.connections, 1);
  });

  it("delays every byte both ways", async () => {
    await using proxy = await proxyTo(echo, { delayMs: 25 });
    const socket = await dial(proxy);
    for (let round = 0; round < 3; round++) {
      const took = await roundTrip(socket);
      assert.ok(took >= 49, `a round trip took ${took} ms`);
    }
    socket.destroy();
  });

  it("does not lower the throughput by its delay: bytes are under way together", async () => {
    await using proxy = await proxyTo(source, { delayMs: 100 });
    const socket = await dial(proxy);
    const began = performance.now();
    const reading = readAll(socket);
    socket.write("go");
    assert.ok(content.equals(await reading));
    const took = performance.now() - began;
    // One 64 KiB read at a time would take 128 delays, 12.8 seconds.
    assert.ok(took >= 199 && took < 4_000, `took ${took} ms`);
  });

  it("limits the rate of a direction over all its connections", async () => {
    await using proxy = await proxyTo(source, { bytesPerSecond: 16 * 2 ** 20 });
    const began = performance.now();
    const sockets = await Promise.all([dial(proxy), dial(proxy)]);
    const readings = sockets.map(readAll);
    for (const socket of sockets) socket.write("go");
    for (const reading of readings) assert.ok(content.equals(await reading));
    const took = performance.now() - began;
    assert.ok(took >= 990, `16 MiB at 16 MiB/s took ${took} ms`);
  });

  it("stalls one direction, with the connection open and the other direction flowing, and resumes", async () => {
    await using proxy = await proxyTo(echo);
    const socket = await dial(proxy);
    await roundTrip(socket);
    const before = proxy.bytes("toServer");
    proxy.stall("toClient");
    let answered = false;
    socket.once("data", () => {
      answered = true;
    });
    socket.write("ping");
    await sleep(100);
    assert.equal(answered, false);
    assert.equal(proxy.bytes("toServer"), before + 4);
    assert.equal(proxy.open, 1);
    const answer = once(socket, "data");
    proxy.resume();
    assert.equal(String((await answer)[0]), "ping");
  });

  it("stalls connections that are made during a stall too", async () => {
    await using proxy = await proxyTo(echo);
    proxy.stall();
    const socket = await dial(proxy);
    const answer = roundTrip(socket);
    await sleep(60);
    assert.equal(proxy.bytes("toServer"), 0);
    proxy.resume();
    assert.ok((await answer) >= 59);
  });

  it("cuts after exactly so many bytes, and is whole for the next connection", async () => {
    await using proxy = await proxyTo(source);
    const cut = proxy.cutAfter("toClient", 3_000_001);
    const socket = await dial(proxy);
    const reading = readAll(socket);
    socket.write("go");
    await cut;
    const arrived = await reading;
    assert.ok(content.subarray(0, 3_000_001).equals(arrived), `${arrived.length} bytes arrived`);
    const next = await dial(proxy);
    const again = readAll(next);
    next.write("go");
    assert.ok(content.equals(await again));
  });

  it("stalls after exactly so many bytes", async () => {
    await using proxy = await proxyTo(source);
    const stalled = proxy.stallAfter("toClient", 500_000);
    const socket = await dial(proxy);
    const reading = readAll(socket);
    socket.write("go");
    await stalled;
    await sleep(60);
    assert.equal(proxy.bytes("toClient"), 500_000);
    assert.equal(socket.bytesRead, 500_000);
    proxy.resume();
    assert.ok(content.equals(await reading));
  });

  it("cuts at once, and refuses new connections until told otherwise", async () => {
    await using proxy = await proxyTo(echo);
    const socket = await dial(proxy);
    await roundTrip(socket);
    const closed = once(socket, "close");
    proxy.refuse();
    proxy.cut();
    await closed;
    const refused = await dial(proxy);
    assert.equal((await readAll(refused)).length, 0);
    proxy.refuse(false);
    await roundTrip(await dial(proxy));
    assert.equal(proxy.connections, 2);
  });

  it("ends the client's connection when the server is not there", async () => {
    await using proxy = await TcpProxy.start({ targetPort: 1 });
    const socket = await dial(proxy);
    assert.equal((await readAll(socket)).length, 0);
  });
});
