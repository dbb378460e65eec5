/** Items on their way from a callback that cannot wait to a reader that can: in order, then the end, or an error. */
export class Handover<T> {
  readonly #items: T[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#notify();
  }

  /** No more items. The first word on how it ended holds. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** The reader gets what is there, then the error; nothing happens where it has ended already. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.end();
  }

  /** The next item, of which nothing stays behind here; undefined at the end. Throws the error. */
  async next(): Promise<T | undefined> {
    while (this.#items.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#items.shift();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
