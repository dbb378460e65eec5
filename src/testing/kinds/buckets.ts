import { createHash } from "node:crypto";
import { LiveModel } from "../live-model.ts";
import { type Outgoing, publishAll } from "../publish.ts";
import { RandomBytes } from "../random-bytes.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, purgeStream } from "../stream-setup.ts";

const duplicateWindowNs = 120_000_000_000;

export const keyValueKind: StreamKind = {
  name: "key-value",
  title: "a key-value bucket with history 5, deletes, and purges by roll-up",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    const name = "KV_config";
    const bucket = {
      name,
      subjects: ["$KV.config.>"],
      max_msgs_per_subject: 5,
      discard: "new",
      allow_rollup_hdrs: true,
      deny_delete: true,
      allow_direct: true,
      duplicate_window: duplicateWindowNs,
    };
    await createStream(nc, bucket, options);
    const model = new LiveModel({ maxPerSubject: 5 });
    const messages: Outgoing[] = [];
    const put = (key: string, value: string): void => {
      model.publish(`$KV.config.${key}`);
      messages.push({ subject: `$KV.config.${key}`, payload: value });
    };
    const mark = (key: string, operation: "DEL" | "PURGE"): void => {
      model.publish(`$KV.config.${key}`, operation === "PURGE");
      const rollup = operation === "PURGE" ? [["Nats-Rollup", "sub"] as const] : [];
      messages.push({ subject: `$KV.config.${key}`, headers: [["KV-Operation", operation], ...rollup] });
    };
    for (let i = 0; i < 200; i++) put(`app.${i % 25}.setting`, JSON.stringify({ revision: i, on: i % 2 === 0 }));
    for (let i = 0; i < 8; i++) mark(`app.${i}.setting`, "DEL");
    for (let i = 8; i < 14; i++) mark(`app.${i}.setting`, "PURGE");
    put("app.8.setting", "back again");
    put("empty.value", "");
    await publishAll(nc, messages);
    return { streams: [expectedOf(name, model)] };
  },
};

const chunkSize = 128 * 1024;

export const objectStoreKind: StreamKind = {
  name: "object-store",
  title: "an object-store bucket: chunks and meta records, one object replaced, one deleted, one empty",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    const name = "OBJ_files";
    const bucket = {
      name,
      subjects: ["$O.files.C.>", "$O.files.M.>"],
      discard: "new",
      allow_rollup_hdrs: true,
      allow_direct: true,
    };
    await createStream(nc, bucket, options);
    const model = new LiveModel();
    const random = new RandomBytes("objects");

    const putMeta = async (object: string, meta: Readonly<Record<string, unknown>>): Promise<void> => {
      const subject = `$O.files.M.${Buffer.from(object).toString("base64url")}`;
      model.publish(subject, true);
      const payload = JSON.stringify({ name: object, bucket: "files", mtime: "0001-01-01T00:00:00Z", ...meta });
      await publishAll(nc, [{ subject, payload, headers: [["Nats-Rollup", "sub"]] }]);
    };
    const put = async (object: string, nuid: string, content: Uint8Array): Promise<void> => {
      const chunks: Outgoing[] = [];
      for (let offset = 0; offset < content.length; offset += chunkSize) {
        const subject = `$O.files.C.${nuid}`;
        model.publish(subject);
        chunks.push({ subject, payload: content.subarray(offset, offset + chunkSize) });
      }
      await publishAll(nc, chunks);
      const digest = createHash("sha256").update(content).digest("base64url");
      // Clients write the padding that Node leaves out.
      const padded = digest.padEnd(Math.ceil(digest.length / 4) * 4, "=");
      const meta = { nuid, size: content.length, chunks: chunks.length, digest: `SHA-256=${padded}` };
      await putMeta(object, { ...meta, options: { max_chunk_size: chunkSize } });
    };
    const purgeChunks = async (nuid: string): Promise<void> => {
      await purgeStream(nc, name, { filter: `$O.files.C.${nuid}` });
      model.purge((subject) => subject === `$O.files.C.${nuid}`);
    };

    await put("report.pdf", "NUIDREPORT0000000000A1", random.next(5 * chunkSize + 77));
    await put("Grüße aus 東京.txt", "NUIDTEXT000000000000B1", Buffer.from("こんにちは"));
    await put("empty", "NUIDEMPTY00000000000C1", new Uint8Array(0));
    await put("replaced.bin", "NUIDREPLACED00000000D1", random.next(3 * chunkSize));
    await put("replaced.bin", "NUIDREPLACED00000000D2", random.next(2 * chunkSize));
    await purgeChunks("NUIDREPLACED00000000D1");
    await put("deleted.bin", "NUIDDELETED000000000E1", random.next(chunkSize));
    await putMeta("deleted.bin", { nuid: "NUIDDELETED000000000E1", size: 0, chunks: 0, digest: "", deleted: true });
    await purgeChunks("NUIDDELETED000000000E1");
    return { streams: [expectedOf(name, model)] };
  },
};
