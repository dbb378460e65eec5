import { createHash, type Hash } from "node:crypto";
import { headerValues } from "../../formats/header-block.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { ArchivedMessage } from "./archived-message.ts";

export type BucketKind = "key-value" | "objects";

/** What tells a bucket by. */
export type BucketConfig = Pick<StreamConfig, "name" | "subjects" | "mirror">;

/**
 * What kind of bucket a stream is, by its name and subjects, or the name of the bucket that it mirrors: a mirror has no
 * subjects of its own. Source: nats.go `jetstream/kv.go`, `jetstream/object.go`.
 */
export function bucketKind({ name, subjects, mirror }: BucketConfig): BucketKind | undefined {
  if (mirror?.name.startsWith("KV_")) return "key-value";
  if (mirror?.name.startsWith("OBJ_")) return "objects";
  if (name.startsWith("KV_") && subjects?.includes(`$KV.${name.slice(3)}.>`)) return "key-value";
  if (name.startsWith("OBJ_") && subjects?.includes(`$O.${name.slice(4)}.M.>`)) return "objects";
  return undefined;
}

/** What to know about a mirror of a bucket: what is in it is a copy, and its own clients' writes go elsewhere. */
export function mirrorNote({ name, mirror }: BucketConfig): string | undefined {
  if (!mirror) return undefined;
  return (
    `${name} is a mirror of ${mirror.name}: it holds what it had fetched when it was backed up, under that bucket's subjects. ` +
    `Back up ${mirror.name} itself, which takes the writes.`
  );
}

export interface BucketKey {
  readonly key: string;
  /** Of the newest value. */
  readonly revision: number;
  readonly time: bigint;
  readonly operation: "PUT" | "DEL" | "PURGE";
  readonly bytes: number;
  /** How many values are kept, this one too. */
  readonly history: number;
}

/** The keys of a KV bucket as its messages go by. */
export class KeyList {
  readonly #prefix: string | undefined;
  readonly #keys = new Map<string, BucketKey>();

  constructor({ name, mirror }: BucketConfig) {
    // A mirror keeps the subjects of its origin, or transforms them to those of any bucket.
    this.#prefix = mirror ? undefined : `$KV.${name.slice(3)}.`;
  }

  add({ subject, sequence, time, headers, payload }: ArchivedMessage): void {
    const prefix = this.#prefix ?? /^\$KV\.[^.]+\./.exec(subject)?.[0];
    if (prefix === undefined || !subject.startsWith(prefix)) return;
    const key = subject.slice(prefix.length);
    const [said] = headerValues(headers, "KV-Operation");
    const [marker] = headerValues(headers, "Nats-Marker-Reason");
    const operation = said === "DEL" || said === "PURGE" ? said : marker ? "PURGE" : "PUT";
    const history = (this.#keys.get(key)?.history ?? 0) + 1;
    this.#keys.set(key, { key, revision: sequence, time, operation, bytes: payload.length, history });
  }

  keys(): readonly BucketKey[] {
    return [...this.#keys.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

export interface BucketObject {
  readonly name: string;
  readonly bytes: number;
  readonly chunks: number;
  readonly deleted: boolean;
  readonly sequence: number;
  readonly time: bigint;
  /** As its description has it: "SHA-256=...". */
  readonly digest: string | undefined;
  /** What is wrong with it; undefined where its chunks are all there and its digest is right. */
  readonly problem: string | undefined;
}

interface Chunks {
  count: number;
  bytes: number;
  readonly hash: Hash;
}

interface ObjectMeta {
  readonly name?: string;
  readonly nuid?: string;
  readonly size?: number;
  readonly chunks?: number;
  readonly digest?: string;
  readonly deleted?: boolean;
  readonly options?: { readonly link?: unknown };
}

/** The objects of an object store as its messages go by, each proven against its digest. */
export class ObjectList {
  readonly #chunkPrefix: string;
  readonly #metaPrefix: string;
  readonly #chunks = new Map<string, Chunks>();
  readonly #metas = new Map<string, { readonly meta: ObjectMeta | undefined; readonly message: ArchivedMessage }>();

  constructor({ name, mirror }: BucketConfig) {
    const root = `$O.${(mirror?.name ?? name).slice(4)}.`;
    this.#chunkPrefix = `${root}C.`;
    this.#metaPrefix = `${root}M.`;
  }

  add(message: ArchivedMessage): void {
    const { subject, payload } = message;
    if (subject.startsWith(this.#chunkPrefix)) {
      const nuid = subject.slice(this.#chunkPrefix.length);
      const chunks = this.#chunks.get(nuid) ?? { count: 0, bytes: 0, hash: createHash("sha256") };
      chunks.count++;
      chunks.bytes += payload.length;
      chunks.hash.update(payload);
      this.#chunks.set(nuid, chunks);
    } else if (subject.startsWith(this.#metaPrefix)) {
      let meta: ObjectMeta | undefined;
      try {
        meta = JSON.parse(Buffer.from(payload).toString("utf8")) as ObjectMeta;
      } catch {}
      // The payload is not needed any more, and there may be very many.
      this.#metas.set(subject, { meta, message: { ...message, payload: new Uint8Array(0) } });
    }
  }

  objects(): readonly BucketObject[] {
    const used = new Set<string>();
    const objects = [...this.#metas].map(([subject, { meta, message }]): BucketObject => {
      if (meta?.nuid) used.add(meta.nuid);
      const name = meta?.name ?? subject.slice(this.#metaPrefix.length);
      return {
        name,
        bytes: meta?.size ?? 0,
        chunks: meta?.chunks ?? 0,
        deleted: meta?.deleted ?? false,
        sequence: message.sequence,
        time: message.time,
        digest: meta?.digest,
        problem: meta ? this.#problem(meta) : "its description is not JSON",
      };
    });
    const orphans = [...this.#chunks].filter(([nuid]) => !used.has(nuid));
    for (const [nuid, chunks] of orphans) {
      const problem = "these chunks have no description: the object was not put whole, or its description is gone";
      objects.push({
        name: `(${nuid})`,
        bytes: chunks.bytes,
        chunks: chunks.count,
        deleted: false,
        sequence: 0,
        time: 0n,
        digest: undefined,
        problem,
      });
    }
    return objects.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #problem({ nuid = "", size = 0, chunks = 0, digest, deleted, options }: ObjectMeta): string | undefined {
    if (deleted || options?.link) return undefined;
    const found = this.#chunks.get(nuid);
    if ((found?.count ?? 0) !== chunks) return `${found?.count ?? 0} of its ${chunks} chunks are there`;
    if ((found?.bytes ?? 0) !== size) return `its chunks have ${found?.bytes ?? 0} bytes, and should have ${size}`;
    if (digest === undefined || chunks === 0) return undefined;
    const right = `SHA-256=${found?.hash.copy().digest("base64url")}`;
    // Some clients pad, some do not.
    return digest.replace(/=+$/, "") === right.replace(/=+$/, "")
      ? undefined
      : "its content is not what its digest says";
  }
}
