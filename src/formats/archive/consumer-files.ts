import { type ConsumerState, decodeConsumerState } from "../filestore/consumer-state.ts";
import { checksumText, consumerKey } from "../filestore/highway-keys.ts";
import { type ConsumerMeta, decodeConsumerMeta } from "../filestore/meta-inf.ts";
import type { Parsing } from "../parsing.ts";
import type { TarEntry } from "../tar/tar-reader.ts";
import type { V1Sink } from "./archive-sink.ts";
import { decodeChecksum } from "./small-files.ts";
import type { WalkContext } from "./walk-context.ts";

interface Files {
  meta?: ConsumerMeta;
  metaHash?: string;
  sum?: string;
  state?: ConsumerState;
}

/** Puts together the consumers of a v1 archive from `obs/<name>/meta.inf`, `meta.sum` and `o.dat`. */
export class ConsumerFiles {
  readonly #context: WalkContext;
  readonly #consumers = new Map<string, Files>();

  constructor(context: WalkContext) {
    this.#context = context;
  }

  /** Reads an entry if it is a consumer's; says whether it was. Throws ARCHIVE_DAMAGED. */
  *file(stream: string, entry: TarEntry): Parsing<boolean> {
    const match = /^obs\/([^/]+)\/(meta\.inf|meta\.sum|o\.dat)$/.exec(entry.name);
    if (!match) return false;
    const name = match[1] as string;
    const files = this.#consumers.get(name) ?? {};
    this.#consumers.set(name, files);
    const isSecond = { "meta.inf": files.meta, "meta.sum": files.sum, "o.dat": files.state }[match[2] as string];
    if (isSecond !== undefined) throw this.#context.damaged("there are two of it");
    switch (match[2]) {
      case "meta.inf":
        files.meta = yield* this.#context.description(entry.size, (bytes) => {
          const { kernels, start } = this.#context.window;
          kernels.setHighwayKey(consumerKey(stream, name));
          files.metaHash = checksumText(kernels.highway64(start, entry.size));
          return decodeConsumerMeta(bytes);
        });
        break;
      case "meta.sum":
        files.sum = yield* this.#context.description(entry.size, decodeChecksum);
        if (files.meta === undefined) throw this.#context.damaged("it comes before its meta.inf");
        if (files.sum !== files.metaHash) throw this.#context.damaged("the checksum of meta.inf is wrong");
        break;
      default:
        files.state = yield* this.#context.description(entry.size, decodeConsumerState);
    }
    return true;
  }

  /** Hands over the consumers, in the order of their first entries. */
  end(sink: V1Sink): void {
    for (const [name, { meta, sum, state }] of this.#consumers) {
      const entry = `obs/${name}`;
      if (meta === undefined || sum === undefined) {
        const missing = meta === undefined ? "meta.inf" : "meta.sum";
        const message = `consumer "${name}" has no ${missing}, without which no server restores it`;
        sink.problem({ code: "consumer-incomplete", severity: "fatal", entry, message });
      } else if (meta.name !== name) {
        const message = `consumer "${name}" calls itself "${meta.name}"`;
        sink.problem({ code: "consumer-incomplete", severity: "note", entry, message });
      }
      if (meta === undefined) continue;
      if (state === undefined) {
        const message = `consumer "${name}" has no position in the archive: it starts anew, by its deliver policy`;
        sink.problem({ code: "consumer-state", severity: "note", entry: `${entry}/o.dat`, message });
      }
      sink.consumer({
        name,
        created: meta.created,
        config: meta.config,
        ...(state === undefined ? {} : { state }),
      });
    }
  }
}
