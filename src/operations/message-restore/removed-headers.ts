/** Counts the messages that came back without some of their header fields, by the fields' names. */
export class RemovedHeaders {
  readonly #messages = new Map<string, number>();

  add(names: readonly string[]): void {
    for (const name of new Set(names)) this.#messages.set(name, (this.#messages.get(name) ?? 0) + 1);
  }

  /** In words, nothing where none was removed. */
  notes(): string[] {
    return [...this.#messages].map(
      ([name, messages]) =>
        `${messages} ${messages === 1 ? "message" : "messages"} came back without the header ${name}, ` +
        "which a server acts upon when a message is stored",
    );
  }
}
