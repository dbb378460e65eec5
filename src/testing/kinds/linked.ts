import { LiveModel } from "../live-model.ts";
import { versionAtLeast } from "../stream-info.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, deleteMessage, publishNumbered, reachesModel } from "../stream-setup.ts";

export const mirrorKind: StreamKind = {
  name: "mirror",
  title: "a stream and its mirror, which keeps what the origin deleted later",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "ORIGIN", subjects: ["origin.>"] }, options);
    const origin = new LiveModel();
    const mirror = new LiveModel();
    await publishNumbered(
      nc,
      origin,
      150,
      (i) => `origin.${i % 4}`,
      (i) => [["X-N", `${i}`]],
    );
    await createStream(nc, { name: "MIRROR", mirror: { name: "ORIGIN" } }, options);
    for (let i = 0; i < 150; i++) mirror.publish("mirrored");
    await reachesModel(nc, "MIRROR", mirror);
    for (const sequence of [3, 4, 5, 77]) await deleteMessage(nc, "ORIGIN", sequence, true);
    origin.remove(3, 4, 5, 77);
    return { streams: [expectedOf("ORIGIN", origin), expectedOf("MIRROR", mirror)] };
  },
};

export const sourcesKind: StreamKind = {
  name: "sources",
  title: "a stream with two sources, filtered and (from 2.10) with transformed subjects, and subjects of its own",
  minVersion: "2.9.0",
  async create(nc, version, options) {
    await createStream(nc, { name: "SOURCE_A", subjects: ["sourcea.>"] }, options);
    await createStream(nc, { name: "SOURCE_B", subjects: ["sourceb.>"] }, options);
    const a = new LiveModel();
    const b = new LiveModel();
    await publishNumbered(nc, a, 60, (i) => `sourcea.${i % 3}`);
    await publishNumbered(nc, b, 90, (i) => `sourceb.${i % 3}`);
    const transform = [{ src: "sourceb.1", dest: "joined.b" }];
    const second = versionAtLeast(version, "2.10.0")
      ? { subject_transforms: transform }
      : { filter_subject: "sourceb.1" };
    const sources = [{ name: "SOURCE_A" }, { name: "SOURCE_B", ...second }];
    await createStream(nc, { name: "SOURCED", subjects: ["sourced"], sources }, options);
    const sourced = new LiveModel();
    for (let i = 0; i < 60 + 30; i++) sourced.publish("copied");
    await reachesModel(nc, "SOURCED", sourced);
    await publishNumbered(nc, sourced, 5, () => "sourced");
    return { streams: [expectedOf("SOURCE_A", a), expectedOf("SOURCE_B", b), expectedOf("SOURCED", sourced)] };
  },
};
