import { LiveReader } from "../archive/live-reader.ts";
import { Kernels } from "../kernels/kernels.ts";
import type { EditSource } from "./archive-edit.ts";
import { MessageFilter, type MessageSelection } from "./message-filter.ts";
import { type NewestOptions, NewestPerSubject } from "./newest-per-subject.ts";

/** The first pass of an edit that keeps the newest messages of each subject: reads the archive, and counts. */
export class NewestCounter {
  readonly #newest: NewestPerSubject;
  readonly #reader: LiveReader;
  #ended = false;

  constructor(options: NewestOptions, select: MessageSelection, source: EditSource, kernels = Kernels.create()) {
    const filter = new MessageFilter(select);
    this.#newest = new NewestPerSubject(options);
    this.#reader = new LiveReader(
      source,
      {
        consumer: () => {},
        messages: (batch) => {
          const count = filter.keep(batch);
          if (count > 0) this.#newest.count({ ...batch, count });
        },
      },
      kernels,
    );
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** The input has ended: what the second pass needs. */
  end(): NewestPerSubject {
    if (!this.#ended) this.#reader.end();
    this.#ended = true;
    return this.#newest;
  }
}
