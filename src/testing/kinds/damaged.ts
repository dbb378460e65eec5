import { LiveModel } from "../live-model.ts";
import { publishAll } from "../publish.ts";
import { RandomBytes } from "../random-bytes.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, deleteMessage } from "../stream-setup.ts";

/**
 * A stream that its own server damages: 2.10 (seen on 2.10.26) erases a message of a compressed block in place, as if
 * the block were not compressed, and so destroys all of it. The stream's info goes on counting every message. From
 * memory they can still be read; after a restart, or once the cache is gone, only those of the last block are there.
 *
 * Not one of `streamKinds`: no backup can hold what the facts say. It shows that a backup and a comparison notice.
 */
export const damagedCompressedKind: StreamKind = {
  name: "damaged-compressed",
  title: "a compressed store whose block the server itself destroyed by erasing a message",
  minVersion: "2.10.0",
  async create(nc, _version, options) {
    const name = "DAMAGED";
    await createStream(nc, { name, subjects: ["damaged"], compression: "s2" }, options);
    const random = new RandomBytes("damaged");
    const model = new LiveModel();
    const payloads = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0 ? "words that repeat ".repeat(3_000) : random.next(20_000),
    );
    for (const _ of payloads) model.publish("damaged");
    await publishAll(
      nc,
      payloads.map((payload) => ({ subject: "damaged", payload })),
    );
    await deleteMessage(nc, name, 50, true);
    model.remove(50);
    return { streams: [expectedOf(name, model)] };
  },
};
