import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { isRelightError, type RelightError } from "../errors.ts";
import { LocalServer } from "../local/local-server.ts";
import { fillStream } from "../testing/fill.ts";
import { JetStreamApi, restoreStream, type StreamConfig, snapshotStream } from "./index.ts";

const config: StreamConfig = { name: "S", subjects: ["s.>"], storage: "file" };

for (const version of ["2.9", "2.10", "2.12", "2.14", "2.15"]) {
  describe(`snapshot and restore as a library, on nats-server ${version}`, () => {
    let server: LocalServer;
    let api: JetStreamApi;
    const dedicated = (): Promise<NatsConnection> => connect({ servers: server.url, reconnect: false });
    before(async () => {
      server = await LocalServer.start({ version });
      api = new JetStreamApi(await connect({ servers: server.url }), { timeoutMs: 10_000 });
      await api.createStream(config);
      await fillStream(api.connection, "S", { messages: 3_000, size: 1_000, kind: "random", subjects: ["s.1", "s.2"] });
    });
    after(async () => {
      await api?.connection.close();
      await server?.stop();
    });

    async function archive(): Promise<{ config: StreamConfig; bytes: Uint8Array; progress: number }> {
      const connection = await dedicated();
      let progress = 0;
      const snapshot = await snapshotStream(connection, "S", { onProgress: ({ bytes }) => (progress = bytes) });
      const pieces: Uint8Array[] = [];
      for await (const piece of snapshot.chunks) pieces.push(piece);
      const end = await snapshot.ended;
      const bytes = Buffer.concat(pieces);
      assert.equal(end.bytes, bytes.length);
      assert.equal(snapshot.state.messages, 3_000);
      await connection.close();
      return { config: snapshot.config, bytes, progress };
    }

    it("streams the archive, and makes the same stream of it", async () => {
      const { config: kept, bytes, progress } = await archive();
      assert.equal(progress, bytes.length);
      const { state } = await api.streamInfo("S");
      await api.deleteStream("S");
      const connection = await dedicated();
      let acknowledged = 0;
      const info = await restoreStream(connection, {
        config: kept,
        archive: [bytes.subarray(0, 100_000), bytes.subarray(100_000)],
        onProgress: (sent) => {
          acknowledged = sent.bytes;
        },
      });
      await connection.close();
      assert.equal(acknowledged, bytes.length);
      assert.deepEqual({ ...(await api.streamInfo("S")).state, consumer_count: 0 }, { ...state, consumer_count: 0 });
      assert.equal(info.config.name, "S");
    });

    it("hands out the same memory again where that is wanted, however little may wait", async () => {
      const { bytes } = await archive();
      const connection = await dedicated();
      const options = { reuseMemory: true, bufferBytes: 1_000, idleTimeoutMs: 2_000 };
      const snapshot = await snapshotStream(connection, "S", options);
      const blocks: Buffer[] = [];
      for await (const block of snapshot.chunks) blocks.push(Buffer.from(block));
      // The server's clock is in an archive of v1.
      assert.ok(Math.abs(Buffer.concat(blocks).length - bytes.length) < 1_000);
      await connection.close();
    });

    it("says that there is no such stream, and that there is one already", async () => {
      const connection = await dedicated();
      await assert.rejects(snapshotStream(connection, "NONE"), (error) => isRelightError(error, "STREAM_NOT_FOUND"));
      const { bytes } = await archive();
      await assert.rejects(
        restoreStream(connection, { config, archive: [bytes] }),
        (error) => isRelightError(error, "STREAM_EXISTS") && /Stream "S" already exist/.test(error.message),
      );
      assert.equal((await api.streamInfo("S")).state.messages, 3_000);
      await connection.close();
    });

    it("can be cancelled in the middle, and the stream is as it was", async () => {
      const connection = await dedicated();
      const controller = new AbortController();
      const snapshot = await snapshotStream(connection, "S", { signal: controller.signal, chunkSize: 4_096 });
      const read = async (): Promise<void> => {
        for await (const _ of snapshot.chunks) controller.abort(new Error("enough"));
      };
      await assert.rejects(read(), (error) => isRelightError(error, "CANCELLED"));
      await assert.rejects(snapshot.ended, (error) => isRelightError(error, "CANCELLED"));
      await connection.close();
      assert.equal((await api.streamInfo("S")).state.messages, 3_000);
    });

    it("can cancel a restore in the middle, before it and while the source hesitates", async () => {
      const { bytes } = await archive();
      await api.deleteStream("S");
      const cancelled = (error: unknown): boolean => isRelightError(error, "CANCELLED");
      const before = await dedicated();
      await assert.rejects(restoreStream(before, { config, archive: [bytes], signal: AbortSignal.abort() }), cancelled);
      await before.close();

      for (const hesitate of [false, true]) {
        const connection = await dedicated();
        const controller = new AbortController();
        const source = async function* (): AsyncGenerator<Uint8Array> {
          yield bytes.subarray(0, 500_000);
          controller.abort(new Error("enough"));
          if (hesitate) await sleep(50);
          yield bytes.subarray(500_000);
        };
        const restore = restoreStream(connection, { config, archive: source(), signal: controller.signal });
        await assert.rejects(restore, cancelled);
        await connection.close();
      }
      // The server gives up a restore that it hears nothing more of; a 2.15 may have stored what came, under the name.
      await sleep(6_000);
      await api.deleteStream("S");
      const connection = await dedicated();
      await restoreStream(connection, { config, archive: [bytes] });
      await connection.close();
      assert.equal((await api.streamInfo("S")).state.messages, 3_000);
    });

    it("is refused a restore of something that is no archive, and leaves no stream", async () => {
      const connection = await dedicated();
      const junk = { ...config, name: "JUNK", subjects: ["junk"] };
      const failure = await restoreStream(connection, { config: junk, archive: [new Uint8Array(100_000)] }).catch(
        (error: RelightError) => error,
      );
      assert.ok(isRelightError(failure, "RESTORE_FAILED"), String(failure));
      await connection.close();
      assert.equal(await api.findStream("JUNK"), undefined);
    });
  });
}
